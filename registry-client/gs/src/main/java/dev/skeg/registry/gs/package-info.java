/**
 * Versions in Google Cloud Storage: {@code gs:}.
 *
 * <p>Start at {@link dev.skeg.registry.gs.GsProvider}. A module of its own, because its client is
 * heavy. It is Google's client of the JSON interface, not the one that wraps it together with gRPC,
 * which would bring sixty libraries more and says nothing that is needed here.
 *
 * <p><b>Threads.</b> Any; everything blocks. <b>May use:</b> {@code dev.skeg.registry}, {@code
 * bucket}, {@code published}, Google's libraries.
 */
@NullMarked
package dev.skeg.registry.gs;

import org.jspecify.annotations.NullMarked;
