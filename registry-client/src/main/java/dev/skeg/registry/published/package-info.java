/**
 * Reads and writes the {@link dev.skeg.registry.PublishedLayout} wherever small objects can be read
 * and written.
 *
 * <p>Start at {@link dev.skeg.registry.published.PublishedTree}, the few operations that a store
 * must offer; {@link dev.skeg.registry.published.PublishedSource} and {@link
 * dev.skeg.registry.published.PublishedPublisher} do the rest. <b>Threads.</b> Any; everything
 * blocks. <b>May use:</b> {@code dev.skeg.registry}.
 */
@NullMarked
package dev.skeg.registry.published;

import org.jspecify.annotations.NullMarked;
