/**
 * The monitor's page for people: pure functions from verdicts and profiles to one HTML document,
 * which loads nothing and runs no script.
 *
 * <p>Start at {@link dev.skeg.runtime.admin.page.MonitorPage}. <b>Threads.</b> Any. <b>May use:</b>
 * the monitor.
 */
@NullMarked
package dev.skeg.runtime.admin.page;

import org.jspecify.annotations.NullMarked;
