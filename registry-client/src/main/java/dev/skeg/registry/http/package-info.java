/**
 * Versions behind a web server, in the published layout: {@code http:} and {@code https:}.
 *
 * <p>Start at {@link dev.skeg.registry.http.HttpSources}. <b>Threads.</b> Any; everything blocks.
 * <b>May use:</b> {@code dev.skeg.registry}, {@code published}, {@code transport}.
 */
@NullMarked
package dev.skeg.registry.http;

import org.jspecify.annotations.NullMarked;
