/**
 * What outlives the process: {@code state.db}, and the profiles of closed windows beside it.
 *
 * <p>The libraries declare the stores that they need, and this package implements them; it alone
 * knows JDBC. Start at {@link dev.skeg.runtime.state.StateDatabase}; a table is made by a script of
 * {@link dev.skeg.runtime.state.Migrations}, and used by one store. <b>Threads.</b> One, {@code
 * state}, owns the connection; callers wait for it, so it is for virtual threads and start-up,
 * never for the request path. <b>May use:</b> {@code model}, the monitor.
 */
@NullMarked
package dev.skeg.runtime.state;

import org.jspecify.annotations.NullMarked;
