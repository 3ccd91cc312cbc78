/**
 * What the server is measured against, and how.
 *
 * <p>Start at {@link dev.skeg.benchmarks.Bench}, the load generator, and {@link
 * dev.skeg.benchmarks.EchoServers}: the limits that transports set on this machine. {@code
 * benchmarks/report} runs them beside Skeg and writes {@code docs/benchmarks/serving.md}.
 */
@NullMarked
package dev.skeg.benchmarks;

import org.jspecify.annotations.NullMarked;
