/**
 * Verdicts: whether a window's predictions differ from the training data or from earlier windows.
 *
 * <p>Start at {@link WindowVerdict}, then read {@link Judge}. A feature is in drift only if
 * calibrated evidence passes the threshold of the budget of false pages <em>and</em> a lower
 * confidence bound of some effect is over its least size worth a page ({@link EffectFloors}).
 *
 * <p><b>Threads.</b> A {@link Judge} belongs to one thread; all else is immutable. <b>May use:</b>
 * {@code record}, {@code profile}, {@code baseline}.
 */
@NullMarked
package dev.skeg.monitor.drift;

import org.jspecify.annotations.NullMarked;
