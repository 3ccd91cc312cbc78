/**
 * What becomes of a closed window: it is judged, its verdict and profile are kept, alerts are
 * raised, and who asks is answered.
 *
 * <p>Start at {@link dev.skeg.runtime.monitoring.Monitors}. <b>Threads.</b> One, {@code judge}, for
 * all models; readers are any that may block. <b>May use:</b> {@code state}, {@code telemetry},
 * {@code admin.page}'s values, the monitor.
 */
@NullMarked
package dev.skeg.runtime.monitoring;

import org.jspecify.annotations.NullMarked;
