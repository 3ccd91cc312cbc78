/**
 * Finds model versions where a team keeps them and hands them over as files with a digest.
 *
 * <p>A library of its own: it knows neither the server nor the monitor.
 */
@NullMarked
package dev.skeg.registry;

import org.jspecify.annotations.NullMarked;
