package dev.skeg.examples.trainer;

import java.util.List;
import java.util.Locale;

/**
 * Gives everything back as it came: for each of the 14 datatypes an input {@code <type>_in} and an
 * output {@code <type>_out}, both {@code [batch, n]}.
 */
final class IdentityModel {
  private IdentityModel() {}

  static byte[] build() {
    OnnxGraph graph = new OnnxGraph("identity", "Gives every datatype back as it came.");
    for (OnnxGraph.Type type : OnnxGraph.Type.values()) {
      String name = type.name().toLowerCase(Locale.ROOT);
      graph.input(name + "_in", type, "batch", "n").output(name + "_out", type, "batch", "n");
      graph.node("Identity", List.of(name + "_in"), name + "_out");
    }
    return graph.build();
  }
}
