/**
 * What people are told: findings of windows made into alerts that are raised once, kept until
 * somebody has seen them, and cleared when what they tell of is over.
 *
 * <p>Start at {@link dev.skeg.monitor.alert.Alerts}; {@link dev.skeg.monitor.alert.AlertRules} is
 * what happens when, and {@link dev.skeg.monitor.alert.Diagnosis} which cause is likely.
 * <b>Threads.</b> Values are immutable; a step is atomic in its {@link
 * dev.skeg.monitor.alert.AlertStore}. <b>May use:</b> {@code drift}, {@code profile}, {@code
 * record}.
 */
@NullMarked
package dev.skeg.monitor.alert;

import org.jspecify.annotations.NullMarked;
