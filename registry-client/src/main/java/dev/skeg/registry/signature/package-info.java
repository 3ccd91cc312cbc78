/**
 * OpenSSF Model Signing: who vouches for a version's files.
 *
 * <p>Start at {@link dev.skeg.registry.signature.ModelSignature}. <b>Threads.</b> Any. <b>May
 * use:</b> {@code dev.skeg.registry}.
 */
@NullMarked
package dev.skeg.registry.signature;

import org.jspecify.annotations.NullMarked;
