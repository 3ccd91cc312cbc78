package dev.skeg.examples.trainer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Sentiment of short English reviews: logistic regression on a bag of words.
 *
 * <p><b>Input.</b> {@code text} BYTES {@code [batch]}, UTF-8. <b>Outputs.</b> {@code score} FP32
 * {@code [batch]}, the probability that the review is positive; {@code label} BYTES {@code
 * [batch]}, {@code positive} or {@code negative}. Lower-casing, splitting at spaces and looking
 * words up are part of the graph. The reviews it learns from are put together from word lists by a
 * seed, with every tenth label turned round.
 */
final class SentimentModel {
  private static final String[] GOOD = {
    "good",
    "great",
    "excellent",
    "love",
    "wonderful",
    "fast",
    "friendly",
    "perfect",
    "helpful",
    "recommend",
    "happy",
    "easy",
    "beautiful",
    "fresh",
    "delicious",
    "comfortable"
  };
  private static final String[] BAD = {
    "bad",
    "terrible",
    "awful",
    "hate",
    "slow",
    "rude",
    "broken",
    "useless",
    "disappointing",
    "dirty",
    "expensive",
    "cold",
    "boring",
    "refund",
    "never",
    "worst"
  };
  private static final String[] NEUTRAL = {
    "the", "a", "service", "food", "product", "was", "is", "and", "very", "we", "it", "they",
    "staff", "room", "arrived", "this", "today", "again", "price", "place"
  };
  private static final int REVIEWS = 4_000;
  private static final int EPOCHS = 20;
  private static final double RATE = 0.1;

  private SentimentModel() {}

  /** Trains from the seed and returns the model as an ONNX file. */
  static byte[] train(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> words = new ArrayList<>();
    words.addAll(List.of(GOOD));
    words.addAll(List.of(BAD));
    words.addAll(List.of(NEUTRAL));
    Map<String, Integer> index = new HashMap<>();
    words.forEach(word -> index.put(word, index.size()));
    double[] weights = new double[words.size()];
    double bias = 0;
    List<List<String>> reviews = new ArrayList<>();
    boolean[] positive = new boolean[REVIEWS];
    for (int i = 0; i < REVIEWS; i++) {
      boolean likes = random.nextBoolean();
      reviews.add(review(likes, random));
      positive[i] = random.nextInt(10) == 0 ? !likes : likes;
    }
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      for (int i = 0; i < REVIEWS; i++) {
        double sum = bias;
        for (String word : reviews.get(i)) {
          sum += weights[index.getOrDefault(word, 0)];
        }
        double slope = 1 / (1 + StrictMath.exp(-sum)) - (positive[i] ? 1 : 0);
        double rate = RATE / (1 + epoch);
        bias -= rate * slope;
        for (String word : reviews.get(i)) {
          weights[index.getOrDefault(word, 0)] -= rate * slope;
        }
      }
    }
    List<Float> values = new ArrayList<>();
    for (double weight : weights) {
      values.add((float) weight);
    }
    return graph(words, values, (float) bias);
  }

  private static List<String> review(boolean likes, SplittableRandom random) {
    List<String> words = new ArrayList<>();
    int length = random.nextInt(4, 12);
    for (int i = 0; i < length; i++) {
      int kind = random.nextInt(10);
      String[] list = kind < 6 ? NEUTRAL : (kind < 9) == likes ? GOOD : BAD;
      words.add(list[random.nextInt(list.length)]);
    }
    return words;
  }

  private static byte[] graph(List<String> words, List<Float> weights, float bias) {
    OnnxGraph graph =
        new OnnxGraph("sentiment", "Sentiment of short English reviews.")
            .input("text", OnnxGraph.Type.BYTES, "batch")
            .output("score", OnnxGraph.Type.FP32, "batch")
            .output("label", OnnxGraph.Type.BYTES, "batch");
    graph.node(
        "StringNormalizer",
        List.of("text"),
        "lower",
        OnnxGraph.attribute("case_change_action", "LOWER"),
        OnnxGraph.attribute("is_case_sensitive", 1),
        OnnxGraph.attribute("locale", "C"));
    graph.nodes(
        "StringSplit",
        List.of("lower"),
        List.of("words", "word_count"),
        OnnxGraph.attribute("delimiter", " "));
    graph.node(
        "ai.onnx.ml",
        "LabelEncoder",
        List.of("words"),
        "weights",
        OnnxGraph.textsAttribute("keys_strings", words),
        OnnxGraph.floatsAttribute("values_floats", weights),
        OnnxGraph.attribute("default_float", 0f));
    graph.longs("word_axis", new long[] {1}, 1);
    graph.node(
        "ReduceSum", List.of("weights", "word_axis"), "sum", OnnxGraph.attribute("keepdims", 0));
    graph.floats("bias", new float[] {bias});
    graph.node("Add", List.of("sum", "bias"), "logit");
    graph.node("Sigmoid", List.of("logit"), "score");
    graph.floats("half", new float[] {0.5f});
    graph.node("Greater", List.of("score", "half"), "is_positive");
    graph.node("Cast", List.of("is_positive"), "class", OnnxGraph.attribute("to", 7));
    graph.node(
        "ai.onnx.ml",
        "LabelEncoder",
        List.of("class"),
        "label",
        OnnxGraph.longsAttribute("keys_int64s", 0, 1),
        OnnxGraph.textsAttribute("values_strings", List.of("negative", "positive")),
        OnnxGraph.attribute("default_string", "unknown"));
    return graph.build();
  }
}
