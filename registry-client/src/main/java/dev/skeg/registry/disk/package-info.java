/**
 * Files that survive a crash, and locks between processes.
 *
 * <p><b>Threads.</b> Any; everything blocks on the disk. <b>May use:</b> {@code dev.skeg.registry}.
 */
@NullMarked
package dev.skeg.registry.disk;

import org.jspecify.annotations.NullMarked;
