/**
 * What executes a version: one interface, implemented by an engine in a package of its own.
 *
 * <p>Start at {@link dev.skeg.runtime.backend.Backend}. Nobody outside a backend's package knows
 * its engine. <b>May use:</b> {@code model}.
 */
@NullMarked
package dev.skeg.runtime.backend;

import org.jspecify.annotations.NullMarked;
