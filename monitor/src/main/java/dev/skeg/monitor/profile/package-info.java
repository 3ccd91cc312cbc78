/**
 * Profiles: counts of a window's values, in the bins of a baseline, that merge by addition.
 *
 * <p>Start at {@link Profile}, then read {@link FeatureProfile} and {@link Bins}.
 *
 * <p><b>May use:</b> {@code record}.
 */
@NullMarked
package dev.skeg.monitor.profile;

import org.jspecify.annotations.NullMarked;
