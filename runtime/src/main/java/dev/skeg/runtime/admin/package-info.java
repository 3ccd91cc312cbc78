/**
 * The admin API: what the server is and what it serves, for people and programs on this machine.
 *
 * <p>Start at {@link dev.skeg.runtime.admin.AdminServer}. <b>Threads.</b> One virtual thread a
 * request. <b>May use:</b> {@code endpoint}, {@code telemetry}, {@code model}.
 */
@NullMarked
package dev.skeg.runtime.admin;

import org.jspecify.annotations.NullMarked;
