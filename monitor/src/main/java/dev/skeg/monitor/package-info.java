/**
 * Watches predictions: profiles, drift, evidence, alerts.
 *
 * <p>A library of its own: it knows neither the server nor the registry client.
 */
@NullMarked
package dev.skeg.monitor;

import org.jspecify.annotations.NullMarked;
