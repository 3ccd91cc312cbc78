/**
 * Trains the example models from seeds and writes them as ONNX files.
 *
 * <p>Start at {@link dev.skeg.examples.trainer.Main}. The loan-approval model is the one that the
 * guides use: {@link dev.skeg.examples.trainer.LoanGenerator} makes its data, {@link
 * dev.skeg.examples.trainer.LoanModel} trains and writes it. Everything is plain Java,
 * deterministic for a seed.
 */
@NullMarked
package dev.skeg.examples.trainer;

import org.jspecify.annotations.NullMarked;
