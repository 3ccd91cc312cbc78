/**
 * Versions in a directory, in Triton's layout or the published one: {@code file:}.
 *
 * <p>Start at {@link dev.skeg.registry.file.FileSources}; {@link
 * dev.skeg.registry.file.DirectoryChanges} tells when a look is worth while. <b>Threads.</b> Any;
 * everything blocks on the disk. <b>May use:</b> {@code dev.skeg.registry}, {@code published},
 * {@code disk}.
 */
@NullMarked
package dev.skeg.registry.file;

import org.jspecify.annotations.NullMarked;
