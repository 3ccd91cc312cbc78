/**
 * HTTP as every source speaks it: one client with a proxy, certificates, timeouts, bounded retries,
 * redirects that carry no credentials to another host, and downloads that can go on.
 *
 * <p>Start at {@link dev.skeg.registry.transport.HttpTransport}. {@link
 * dev.skeg.registry.transport.Attempts} and {@link dev.skeg.registry.transport.HttpFailures} also
 * serve sources that bring a client of their own. <b>Threads.</b> Any; everything blocks. <b>May
 * use:</b> {@code dev.skeg.registry}.
 */
@NullMarked
package dev.skeg.registry.transport;

import org.jspecify.annotations.NullMarked;
