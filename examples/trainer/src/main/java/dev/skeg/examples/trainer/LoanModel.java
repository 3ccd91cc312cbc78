package dev.skeg.examples.trainer;

import dev.skeg.examples.trainer.LoanGenerator.Applicant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Loan approval: a multilayer perceptron on raw attributes.
 *
 * <p><b>Input.</b> {@code features} FP32 {@code [batch, 9]}, in the order of {@link
 * LoanGenerator#ATTRIBUTES}. <b>Output.</b> {@code score} FP32 {@code [batch, 1]}, the probability
 * of approval. Standardizing the numbers and one-hot encoding elevel, car and zipcode is part of
 * the graph, so clients cannot get it wrong. The file names the attributes and says which of them
 * are categories, so the monitor knows them.
 *
 * <p><b>Threads.</b> One.
 */
final class LoanModel {
  private static final int[] NUMERIC = {0, 1, 2, 6, 7, 8};

  /** Column, and how many values from 0 on; an unknown one becomes all zeros. */
  private static final int[][] CATEGORICAL = {{3, 5}, {4, 21}, {5, 9}};

  private static final int ENCODED = NUMERIC.length + 5 + 21 + 9;
  private static final int HIDDEN_1 = 32;
  private static final int HIDDEN_2 = 16;
  private static final int BATCH = 64;
  private static final int EPOCHS = 12;
  private static final double RATE = 3e-3;

  private final float[] mean = new float[NUMERIC.length];
  private final float[] deviation = new float[NUMERIC.length];
  private final Dense first;
  private final Dense second;
  private final Dense third;
  private final float[] encoded = new float[ENCODED];
  private final float[] hidden1 = new float[HIDDEN_1];
  private final float[] hidden2 = new float[HIDDEN_2];
  private final float[] logit = new float[1];

  private LoanModel(List<Applicant> applicants, SplittableRandom random) {
    this.first = new Dense(ENCODED, HIDDEN_1, random);
    this.second = new Dense(HIDDEN_1, HIDDEN_2, random);
    this.third = new Dense(HIDDEN_2, 1, random);
    for (int i = 0; i < NUMERIC.length; i++) {
      int column = NUMERIC[i];
      double sum = 0;
      double squares = 0;
      for (Applicant applicant : applicants) {
        sum += applicant.features()[column];
        squares += (double) applicant.features()[column] * applicant.features()[column];
      }
      mean[i] = (float) (sum / applicants.size());
      deviation[i] =
          (float) Math.sqrt(squares / applicants.size() - Math.pow(sum / applicants.size(), 2));
    }
  }

  /** Trains on applicants drawn from the seed. */
  static LoanModel train(long seed, int rows) {
    LoanGenerator generator = new LoanGenerator(seed);
    List<Applicant> applicants = new ArrayList<>(rows);
    for (int i = 0; i < rows; i++) {
      applicants.add(generator.next());
    }
    SplittableRandom random = new SplittableRandom(seed + 1);
    LoanModel model = new LoanModel(applicants, random);
    int[] order = new int[rows];
    Arrays.setAll(order, i -> i);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      shuffle(order, random);
      // Smaller steps towards the end settle the weights.
      double rate = RATE * (1 - 0.9 * epoch / EPOCHS);
      for (int start = 0; start < rows; start += BATCH) {
        int end = Math.min(rows, start + BATCH);
        for (int i = start; i < end; i++) {
          model.learn(applicants.get(order[i]));
        }
        model.first.step(rate, end - start);
        model.second.step(rate, end - start);
        model.third.step(rate, end - start);
      }
    }
    return model;
  }

  private static void shuffle(int[] order, SplittableRandom random) {
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int moved = order[i];
      order[i] = order[other];
      order[other] = moved;
    }
  }

  private void learn(Applicant applicant) {
    float score = score(applicant.features());
    // The slope of the log loss by the logit.
    float[] slope = {score - (applicant.approved() ? 1 : 0)};
    float[] slopes2 = new float[HIDDEN_2];
    float[] slopes1 = new float[HIDDEN_1];
    third.backward(hidden2, slope, slopes2);
    Dense.reluBackward(hidden2, slopes2);
    second.backward(hidden1, slopes2, slopes1);
    Dense.reluBackward(hidden1, slopes1);
    first.backward(encoded, slopes1, new float[ENCODED]);
  }

  /** Returns the probability of approval, as the graph does. */
  float score(float[] features) {
    encode(features);
    first.forward(encoded, hidden1);
    Dense.relu(hidden1);
    second.forward(hidden1, hidden2);
    Dense.relu(hidden2);
    third.forward(hidden2, logit);
    return Dense.sigmoid(logit[0]);
  }

  private void encode(float[] features) {
    Arrays.fill(encoded, 0);
    for (int i = 0; i < NUMERIC.length; i++) {
      encoded[i] = (features[NUMERIC[i]] - mean[i]) / deviation[i];
    }
    int offset = NUMERIC.length;
    for (int[] column : CATEGORICAL) {
      int value = (int) features[column[0]];
      if (value >= 0 && value < column[1]) {
        encoded[offset + value] = 1;
      }
      offset += column[1];
    }
  }

  /**
   * How good a model is on applicants that it has not seen.
   *
   * @param accuracy at a threshold of one half
   * @param auc area under the receiver operating characteristic
   */
  record Quality(double accuracy, double auc, double logLoss) {}

  /** Measures on applicants drawn from another seed. */
  Quality measure(long seed, int rows) {
    record Scored(float score, boolean approved) {}
    LoanGenerator generator = new LoanGenerator(seed);
    List<Scored> scored = new ArrayList<>(rows);
    double loss = 0;
    int right = 0;
    for (int i = 0; i < rows; i++) {
      Applicant applicant = generator.next();
      float score = score(applicant.features());
      scored.add(new Scored(score, applicant.approved()));
      double likelihood = Math.clamp(applicant.approved() ? score : 1 - score, 1e-7, 1);
      loss -= StrictMath.log(likelihood);
      right += score > 0.5 == applicant.approved() ? 1 : 0;
    }
    scored.sort(Comparator.comparingDouble(Scored::score));
    long approved = 0;
    double rankSum = 0;
    for (int rank = 0; rank < rows; rank++) {
      if (scored.get(rank).approved()) {
        approved++;
        rankSum += rank + 1;
      }
    }
    // The Mann-Whitney statistic; scores are distinct enough for ties not to matter.
    double auc =
        (rankSum - approved * (approved + 1) / 2.0) / ((double) approved * (rows - approved));
    return new Quality((double) right / rows, auc, loss / rows);
  }

  /** Returns the model as an ONNX file. */
  byte[] toOnnx() {
    OnnxGraph graph =
        new OnnxGraph("loan", "Loan approval: score is the probability that a loan is approved.")
            .input("features", OnnxGraph.Type.FP32, "batch", LoanGenerator.ATTRIBUTES.length)
            .output("score", OnnxGraph.Type.FP32, "batch", 1)
            .metadata("feature_names", String.join(",", LoanGenerator.ATTRIBUTES))
            .metadata(
                "categorical_features",
                Arrays.stream(CATEGORICAL)
                    .map(column -> LoanGenerator.ATTRIBUTES[column[0]])
                    .collect(Collectors.joining(",")));
    List<String> parts = new ArrayList<>();
    long[] columns = Arrays.stream(NUMERIC).asLongStream().toArray();
    graph.longs("numeric_columns", columns, columns.length);
    graph.node(
        "Gather",
        List.of("features", "numeric_columns"),
        "numeric",
        OnnxGraph.attribute("axis", 1));
    graph.floats("mean", mean, mean.length);
    graph.floats("deviation", deviation, deviation.length);
    graph.node("Sub", List.of("numeric", "mean"), "centred");
    parts.add(graph.node("Div", List.of("centred", "deviation"), "standardized"));
    graph.floats("off_on", new float[] {0, 1}, 2);
    for (int[] column : CATEGORICAL) {
      String name = LoanGenerator.ATTRIBUTES[column[0]];
      graph.longs(name + "_column", new long[] {column[0]});
      graph.node(
          "Gather",
          List.of("features", name + "_column"),
          name + "_value",
          OnnxGraph.attribute("axis", 1));
      graph.node("Cast", List.of(name + "_value"), name + "_index", OnnxGraph.attribute("to", 7));
      graph.longs(name + "_values", new long[] {column[1]});
      parts.add(
          graph.node(
              "OneHot", List.of(name + "_index", name + "_values", "off_on"), name + "_one_hot"));
    }
    graph.node("Concat", parts, "encoded", OnnxGraph.attribute("axis", 1));
    dense(graph, first, "encoded", "hidden_1");
    graph.node("Relu", List.of("hidden_1"), "active_1");
    dense(graph, second, "active_1", "hidden_2");
    graph.node("Relu", List.of("hidden_2"), "active_2");
    dense(graph, third, "active_2", "logit");
    graph.node("Sigmoid", List.of("logit"), "score");
    return graph.build();
  }

  private static void dense(OnnxGraph graph, Dense layer, String input, String output) {
    String weights =
        graph.floats(output + "_weights", layer.weights.values, layer.inputs, layer.outputs);
    String biases = graph.floats(output + "_biases", layer.biases.values, layer.outputs);
    graph.node("Gemm", List.of(input, weights, biases), output);
  }
}
