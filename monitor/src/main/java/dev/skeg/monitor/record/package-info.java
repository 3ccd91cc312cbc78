/**
 * What is recorded of each prediction: a row of a model's features and outputs.
 *
 * <p>Start at {@link FeatureSpec}, then read {@link RecordLayout}. Categories travel as {@link
 * CategoryHash}es.
 *
 * <p><b>May use:</b> nothing else of the monitor.
 */
@NullMarked
package dev.skeg.monitor.record;

import org.jspecify.annotations.NullMarked;
