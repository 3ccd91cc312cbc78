/**
 * Unix domain sockets that the ports may listen on as well: for clients on the same machine.
 *
 * <p>Start at {@link dev.skeg.runtime.socket.SocketFile}. <b>Threads.</b> Whoever starts and stops
 * a port. <b>May use:</b> {@code model}.
 */
@NullMarked
package dev.skeg.runtime.socket;

import org.jspecify.annotations.NullMarked;
