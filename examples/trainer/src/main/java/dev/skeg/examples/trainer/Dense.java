package dev.skeg.examples.trainer;

import java.util.SplittableRandom;

/**
 * A fully connected layer, {@code y = x · w + b}, with {@code w} of shape {@code [inputs,
 * outputs]}, row-major. <b>Threads.</b> One.
 */
final class Dense {
  final int inputs;
  final int outputs;
  final Adam weights;
  final Adam biases;

  /** Makes a layer whose weights are drawn as K. He et al. (2015) propose for ReLU. */
  Dense(int inputs, int outputs, SplittableRandom random) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = new Adam(inputs * outputs);
    this.biases = new Adam(outputs);
    double deviation = Math.sqrt(2.0 / inputs);
    for (int i = 0; i < weights.values.length; i++) {
      weights.values[i] = (float) (random.nextGaussian() * deviation);
    }
  }

  void forward(float[] x, float[] y) {
    System.arraycopy(biases.values, 0, y, 0, outputs);
    for (int i = 0; i < inputs; i++) {
      if (x[i] != 0) {
        int row = i * outputs;
        for (int j = 0; j < outputs; j++) {
          y[j] += x[i] * weights.values[row + j];
        }
      }
    }
  }

  /**
   * Adds this row's part to the gradients.
   *
   * @param slopes of the loss by {@code y}
   * @param inputSlopes receives those by {@code x}
   */
  void backward(float[] x, float[] slopes, float[] inputSlopes) {
    for (int i = 0; i < inputs; i++) {
      int row = i * outputs;
      float slope = 0;
      for (int j = 0; j < outputs; j++) {
        slope += slopes[j] * weights.values[row + j];
        weights.gradient[row + j] += slopes[j] * x[i];
      }
      inputSlopes[i] = slope;
    }
    for (int j = 0; j < outputs; j++) {
      biases.gradient[j] += slopes[j];
    }
  }

  void step(double rate, int batchSize) {
    weights.step(rate, batchSize);
    biases.step(rate, batchSize);
  }

  /** Clips to zero from below. */
  static void relu(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(0, values[i]);
    }
  }

  /** Stops the slopes where the value was clipped. */
  static void reluBackward(float[] values, float[] slopes) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] <= 0) {
        slopes[i] = 0;
      }
    }
  }

  static float sigmoid(float value) {
    return (float) (1 / (1 + StrictMath.exp(-value)));
  }
}
