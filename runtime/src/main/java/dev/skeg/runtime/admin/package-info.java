/**
 * The admin API: what the server is and what it serves; loading and unloading; notifications of
 * registries; windows, alerts and the page of the monitor.
 *
 * <p>Start at {@link dev.skeg.runtime.admin.AdminServer}. <b>Threads.</b> One virtual thread a
 * request. <b>May use:</b> {@code source}, {@code monitoring}, {@code endpoint}, {@code config},
 * {@code telemetry}, {@code model}, the registry client.
 */
@NullMarked
package dev.skeg.runtime.admin;

import org.jspecify.annotations.NullMarked;
