/**
 * Watching pointers: the poll is the truth, a push is a hint that makes it happen now.
 *
 * <p>Start at {@link dev.skeg.registry.watch.Watcher}. <b>Threads.</b> One virtual thread for each
 * pointer. <b>May use:</b> {@code dev.skeg.registry}.
 */
@NullMarked
package dev.skeg.registry.watch;

import org.jspecify.annotations.NullMarked;
