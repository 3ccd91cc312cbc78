/**
 * What the server and its models can be told: skeg.yaml, environment and command line; model.yaml;
 * config.pbtxt.
 *
 * <p>Start at {@link dev.skeg.runtime.config.ServerConfig} and {@link
 * dev.skeg.runtime.config.ServerKeys}: the one table of keys that reads files, makes options and
 * variables, and writes the reference in docs/configuration.md. Nothing is guessed: what is not
 * understood is refused, with the place, what came, what would do and the nearest valid key.
 *
 * <p><b>Threads.</b> Everything here is immutable. YAML is loaded only when there is a YAML file.
 * <b>May use:</b> {@code model}, the registry client's values.
 */
@NullMarked
package dev.skeg.runtime.config;

import org.jspecify.annotations.NullMarked;
