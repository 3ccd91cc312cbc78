/**
 * Models on the Hugging Face Hub, and on servers that speak its API.
 *
 * <p>Start at {@link dev.skeg.registry.hf.HfProvider}. A revision is a commit: a branch is resolved
 * to one first, then every file is read at it. Large files are verified by the SHA-256 of Git LFS,
 * others by the SHA-1 that Git knows them by. <b>Threads.</b> Any; everything blocks. <b>May
 * use:</b> {@code dev.skeg.registry}, {@code transport}.
 */
@NullMarked
package dev.skeg.registry.hf;

import org.jspecify.annotations.NullMarked;
