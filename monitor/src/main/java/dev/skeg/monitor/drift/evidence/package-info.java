/**
 * Evidence that counts come from another distribution than a reference's: e-values, their sum over
 * windows, thresholds by a budget of false pages.
 *
 * <p>Start at {@link Detector}, then read {@link EValue} and {@link Span}. Knows bins only as
 * positions in arrays of counts; so all of it can be simulated by drawing counts.
 *
 * <p><b>Threads.</b> A {@link Detector} belongs to one thread. <b>May use:</b> nothing of the
 * monitor.
 */
@NullMarked
package dev.skeg.monitor.drift.evidence;

import org.jspecify.annotations.NullMarked;
