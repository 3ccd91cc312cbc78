/**
 * Puts the server together, in one place, and takes it apart in order.
 *
 * <p>Start at {@link dev.skeg.runtime.server.SkegServer}. <b>Threads.</b> Started and stopped by
 * one thread. <b>May use:</b> everything but {@code cli}.
 */
@NullMarked
package dev.skeg.runtime.server;

import org.jspecify.annotations.NullMarked;
