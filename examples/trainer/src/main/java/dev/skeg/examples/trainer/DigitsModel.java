package dev.skeg.examples.trainer;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Digits on small grey images: a convolutional network.
 *
 * <p><b>Input.</b> {@code image} FP32 {@code [batch, 1, 8, 8]}, 0 for paper to 1 for ink.
 * <b>Output.</b> {@code probabilities} FP32 {@code [batch, 10]}. One 3×3 convolution with {@value
 * #FILTERS} filters, ReLU, 2×2 max pooling, one dense layer, softmax. It learns from glyphs that a
 * seed shifts by up to a pixel, fades and covers with noise.
 *
 * <p><b>Threads.</b> One.
 */
final class DigitsModel {
  static final int SIZE = 8;

  private static final int DIGITS = 10;
  private static final int FILTERS = 8;
  private static final int POOLED = SIZE / 2;
  private static final int BATCH = 32;
  private static final int STEPS = 3_000;
  private static final double RATE = 3e-3;

  /** Each digit in 5 columns and 7 rows. */
  private static final String[] GLYPHS = {
    ".###.#...##..###.#.###..##...#.###.",
    "..#...##....#....#....#....#...###.",
    ".###.#...#....#...#...#...#...#####",
    "#####...#...#.....#.....##...#.###.",
    "...#...##..#.#.#..#.#####...#....#.",
    "######....####.....#....##...#.###.",
    "..##..#...#....####.#...##...#.###.",
    "#####....#...#...#...#....#....#...",
    ".###.#...##...#.###.#...##...#.###.",
    ".###.#...##...#.####....#...#..##.."
  };

  private final Adam filters = new Adam(FILTERS * 9);
  private final Adam filterBiases = new Adam(FILTERS);
  private final Dense dense;
  private final float[] convolved = new float[FILTERS * SIZE * SIZE];
  private final float[] pooled = new float[FILTERS * POOLED * POOLED];
  private final int[] winners = new int[pooled.length];
  private final float[] probabilities = new float[DIGITS];

  private DigitsModel(SplittableRandom random) {
    this.dense = new Dense(pooled.length, DIGITS, random);
    for (int i = 0; i < filters.values.length; i++) {
      filters.values[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / 9));
    }
  }

  static DigitsModel train(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DigitsModel model = new DigitsModel(random);
    for (int step = 0; step < STEPS; step++) {
      for (int i = 0; i < BATCH; i++) {
        int digit = random.nextInt(DIGITS);
        model.learn(draw(digit, random), digit);
      }
      double rate = RATE * (1 - 0.9 * step / STEPS);
      model.filters.step(rate, BATCH);
      model.filterBiases.step(rate, BATCH);
      model.dense.step(rate, BATCH);
    }
    return model;
  }

  /** Draws a digit, {@code [8, 8]}: shifted, faded, with noise. */
  static float[] draw(int digit, SplittableRandom random) {
    float[] image = new float[SIZE * SIZE];
    int left = 1 + random.nextInt(-1, 2);
    int top = random.nextInt(2);
    float ink = (float) random.nextDouble(0.6, 1);
    for (int y = 0; y < 7; y++) {
      for (int x = 0; x < 5; x++) {
        if (GLYPHS[digit].charAt(y * 5 + x) == '#') {
          image[(top + y) * SIZE + left + x] = ink;
        }
      }
    }
    for (int i = 0; i < image.length; i++) {
      image[i] = Math.clamp(image[i] + (float) random.nextGaussian() * 0.12f, 0, 1);
    }
    return image;
  }

  /** Returns how many of so many digits drawn from the seed are recognized, 0 to 1. */
  double accuracy(long seed, int rows) {
    SplittableRandom random = new SplittableRandom(seed);
    int right = 0;
    for (int i = 0; i < rows; i++) {
      int digit = random.nextInt(DIGITS);
      forward(draw(digit, random));
      int best = 0;
      for (int j = 1; j < DIGITS; j++) {
        best = probabilities[j] > probabilities[best] ? j : best;
      }
      right += best == digit ? 1 : 0;
    }
    return (double) right / rows;
  }

  private void forward(float[] image) {
    for (int f = 0; f < FILTERS; f++) {
      for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
          convolved[(f * SIZE + y) * SIZE + x] = Math.max(0, convolve(image, f, y, x));
        }
      }
    }
    pool();
    dense.forward(pooled, probabilities);
    float highest = Float.NEGATIVE_INFINITY;
    for (float logit : probabilities) {
      highest = Math.max(highest, logit);
    }
    float sum = 0;
    for (int i = 0; i < DIGITS; i++) {
      probabilities[i] = (float) StrictMath.exp(probabilities[i] - highest);
      sum += probabilities[i];
    }
    for (int i = 0; i < DIGITS; i++) {
      probabilities[i] /= sum;
    }
  }

  private float convolve(float[] image, int filter, int y, int x) {
    float sum = filterBiases.values[filter];
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        if (isInside(y + dy, x + dx)) {
          sum +=
              image[(y + dy) * SIZE + x + dx] * filters.values[filter * 9 + (dy + 1) * 3 + dx + 1];
        }
      }
    }
    return sum;
  }

  private static boolean isInside(int y, int x) {
    return y >= 0 && y < SIZE && x >= 0 && x < SIZE;
  }

  private void pool() {
    for (int i = 0; i < pooled.length; i++) {
      int filter = i / (POOLED * POOLED);
      int y = i / POOLED % POOLED * 2;
      int x = i % POOLED * 2;
      int corner = (filter * SIZE + y) * SIZE + x;
      int winner = corner;
      for (int candidate : new int[] {corner + 1, corner + SIZE, corner + SIZE + 1}) {
        winner = convolved[candidate] > convolved[winner] ? candidate : winner;
      }
      winners[i] = winner;
      pooled[i] = convolved[winner];
    }
  }

  private void learn(float[] image, int digit) {
    forward(image);
    float[] slopes = probabilities.clone();
    slopes[digit] -= 1;
    float[] pooledSlopes = new float[pooled.length];
    dense.backward(pooled, slopes, pooledSlopes);
    for (int i = 0; i < pooled.length; i++) {
      if (pooled[i] > 0) {
        learnFilter(image, winners[i], pooledSlopes[i]);
      }
    }
  }

  private void learnFilter(float[] image, int winner, float slope) {
    int filter = winner / (SIZE * SIZE);
    int y = winner / SIZE % SIZE;
    int x = winner % SIZE;
    filterBiases.gradient[filter] += slope;
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        if (isInside(y + dy, x + dx)) {
          filters.gradient[filter * 9 + (dy + 1) * 3 + dx + 1] +=
              slope * image[(y + dy) * SIZE + x + dx];
        }
      }
    }
  }

  /** Returns the model as an ONNX file. */
  byte[] toOnnx() {
    OnnxGraph graph =
        new OnnxGraph("digits", "Digits 0 to 9 on 8 by 8 grey images.")
            .input("image", OnnxGraph.Type.FP32, "batch", 1, SIZE, SIZE)
            .output("probabilities", OnnxGraph.Type.FP32, "batch", DIGITS);
    graph.floats("filters", filters.values, FILTERS, 1, 3, 3);
    graph.floats("filter_biases", filterBiases.values, FILTERS);
    graph.node(
        "Conv",
        List.of("image", "filters", "filter_biases"),
        "convolved",
        OnnxGraph.longsAttribute("kernel_shape", 3, 3),
        OnnxGraph.longsAttribute("pads", 1, 1, 1, 1));
    graph.node("Relu", List.of("convolved"), "active");
    graph.node(
        "MaxPool",
        List.of("active"),
        "pooled",
        OnnxGraph.longsAttribute("kernel_shape", 2, 2),
        OnnxGraph.longsAttribute("strides", 2, 2));
    graph.node("Flatten", List.of("pooled"), "flat", OnnxGraph.attribute("axis", 1));
    graph.floats("weights", dense.weights.values, dense.inputs, dense.outputs);
    graph.floats("biases", dense.biases.values, dense.outputs);
    graph.node("Gemm", List.of("flat", "weights", "biases"), "logits");
    graph.node("Softmax", List.of("logits"), "probabilities", OnnxGraph.attribute("axis", 1));
    return graph.build();
  }
}
