/**
 * The command line: {@code serve}, {@code validate}, {@code status}, {@code push} and {@code
 * baseline}.
 *
 * <p>Start at {@link dev.skeg.runtime.cli.CommandLineInterface}. A command exits 0 on success, 1 on
 * failure, 2 on bad usage, and says what to do in one line on standard error. Its options are built
 * in code, from the table of configuration keys, so that starting reads no annotations.
 *
 * <p><b>Threads.</b> The main thread. <b>May use:</b> {@code server}, {@code config}, {@code
 * model}, the registry client, the monitor.
 */
@NullMarked
package dev.skeg.runtime.cli;

import org.jspecify.annotations.NullMarked;
