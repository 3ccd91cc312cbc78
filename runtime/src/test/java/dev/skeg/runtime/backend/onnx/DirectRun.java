package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs models through ONNX Runtime itself, for the conformance suite to compare with: {@code
 * DirectRun DIR}.
 *
 * <p>Each directory below has {@code model.onnx}, {@code inputs.txt} with a line {@code name TAB
 * datatype TAB dims} for each input, and its bytes in {@code input_<n>.bin} as on the wire. Written
 * beside are {@code outputs.txt} and {@code output_<n>.bin} in the same forms, or {@code
 * error.txt}. The official Java API runs what it can feed; the binding runs the rest.
 */
final class DirectRun {
  private DirectRun() {}

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    try (Backend official = new OfficialApiBackend();
        Backend binding = new OnnxRuntimeBackend(root.resolve("native"));
        Stream<Path> directories = Files.list(root)) {
      for (Path directory : directories.sorted().toList()) {
        if (Files.exists(directory.resolve("model.onnx"))) {
          try {
            run(directory, official, binding);
          } catch (RuntimeException e) {
            Files.writeString(directory.resolve("error.txt"), String.valueOf(e.getMessage()));
          }
        }
      }
    }
  }

  private static void run(Path directory, Backend official, Backend binding) throws IOException {
    List<Tensor> inputs = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("inputs.txt"))) {
      String[] parts = line.split("\t", -1);
      long[] dims =
          Arrays.stream(parts[2].split(","))
              .filter(dim -> !dim.isEmpty())
              .mapToLong(Long::parseLong)
              .toArray();
      byte[] data = Files.readAllBytes(directory.resolve("input_" + inputs.size() + ".bin"));
      inputs.add(
          new Tensor(
              parts[0],
              DataType.of(parts[1]).orElseThrow(),
              Shape.of(dims),
              MemorySegment.ofArray(data)));
    }
    // Empty buffers and scalars of strings are beyond the official API too.
    boolean feedable =
        inputs.stream()
            .allMatch(
                input -> OfficialApiBackend.canFeed(input.type()) && input.data().byteSize() > 0);
    Backend backend = feedable ? official : binding;
    try (BackendModel model = backend.load(new LoadOptions(directory.resolve("model.onnx"), 1))) {
      int[] outputs = new int[model.signature().outputs().size()];
      Arrays.setAll(outputs, i -> i);
      try (InferenceOutputs answers = model.run(inputs, outputs)) {
        write(directory, answers);
      }
    }
  }

  private static void write(Path directory, InferenceOutputs answers) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < answers.size(); i++) {
      Tensor answer = answers.get(i);
      String dims = answer.shape().toString();
      lines
          .append(answer.name())
          .append('\t')
          .append(answer.type())
          .append('\t')
          .append(dims, 1, dims.length() - 1)
          .append('\n');
      Files.write(
          directory.resolve("output_" + i + ".bin"), answer.data().toArray(ValueLayout.JAVA_BYTE));
    }
    Files.writeString(directory.resolve("outputs.txt"), lines);
  }
}
