/**
 * Finds model versions where a team keeps them and hands them over as verified files with a digest.
 *
 * <p>Start at {@link dev.skeg.registry.Source}: a {@link dev.skeg.registry.Pointer} resolves to a
 * {@link dev.skeg.registry.Revision}, a revision to {@link dev.skeg.registry.RemoteFile}s. {@link
 * dev.skeg.registry.Sources} opens one by its {@link dev.skeg.registry.SourceUri}; {@link
 * dev.skeg.registry.Publisher} writes. {@link dev.skeg.registry.ModelDirectory} lists a Triton
 * repository on disk as it is. A library of its own: it knows neither the server nor the monitor.
 *
 * <p><b>Threads.</b> Values are immutable; what blocks says so. <b>May use:</b> nothing of ours.
 */
@NullMarked
package dev.skeg.registry;

import org.jspecify.annotations.NullMarked;
