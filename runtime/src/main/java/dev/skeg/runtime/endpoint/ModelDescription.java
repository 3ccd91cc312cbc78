package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Signature;
import inference.ModelConfigOuterClass.ModelConfig;
import java.util.List;

/**
 * What clients may know of a version that is ready.
 *
 * @param version the version described: the one asked for, or the newest ready one
 * @param readyVersions all versions that are ready, lowest first, in decimal
 * @param platform as {@code onnxruntime_onnx}
 * @param signature with the batch dimension, if there is one, as -1 in front
 * @param config completed from the model
 * @param unsupportedOutputs outputs of the model that cannot be returned
 */
public record ModelDescription(
    ModelVersion version,
    List<String> readyVersions,
    String platform,
    Signature signature,
    ModelConfig config,
    List<UnsupportedOutput> unsupportedOutputs) {
  public ModelDescription {
    readyVersions = List.copyOf(readyVersions);
    unsupportedOutputs = List.copyOf(unsupportedOutputs);
  }
}
