/** Trains the loan-approval example and writes it, and the other example models, as ONNX. */
@NullMarked
package dev.skeg.examples.trainer;

import org.jspecify.annotations.NullMarked;
