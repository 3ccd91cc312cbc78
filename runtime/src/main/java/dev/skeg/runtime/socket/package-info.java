/**
 * What connections come in by: event loops, TCP ports, and Unix domain sockets for clients on the
 * same machine.
 *
 * <p>Start at {@link dev.skeg.runtime.socket.Transport}. {@link dev.skeg.runtime.socket.AnswerLoop}
 * is how answers go out. <b>Threads.</b> Whoever starts and stops a port; event loops. <b>May
 * use:</b> {@code model}.
 */
@NullMarked
package dev.skeg.runtime.socket;

import org.jspecify.annotations.NullMarked;
