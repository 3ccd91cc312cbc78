/**
 * A server that breaks in every way that networks do, for the tests of all sources.
 *
 * <p>Start at {@link dev.skeg.registry.testing.FaultyServer}.
 */
@NullMarked
package dev.skeg.registry.testing;

import org.jspecify.annotations.NullMarked;
