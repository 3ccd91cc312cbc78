package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import inference.ModelConfigOuterClass.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A version that is loaded and ready to infer.
 *
 * <p><b>Lifetime.</b> Its native memory lives as long as there are claims on it: one is the
 * owner's, given up by {@link #retire}; each other is a {@link ServableHandle}. With the last one
 * gone no new one can be had, and the model is freed.
 *
 * <p><b>Threads.</b> Any.
 */
public final class Servable {
  private final ModelVersion version;
  private final BackendModel model;
  private final ModelConfig config;
  private final Signature signature;
  private final BatchLimit limit;
  private final List<String> withoutEffect;
  private final RequestCheck check;
  private final int[] allOutputs;
  private final ServableHandle handle = new ServableHandle(this); // One for all who have a claim.
  private final AtomicInteger claims = new AtomicInteger(1);
  private final CompletableFuture<@Nullable Void> drained = new CompletableFuture<>();

  /**
   * @param completion of the configuration from the model
   */
  Servable(ModelVersion version, BackendModel model, ConfigCompletion completion) {
    this.version = version;
    this.model = model;
    this.config = completion.config();
    this.signature = completion.signature();
    this.limit = completion.limit();
    this.withoutEffect = completion.withoutEffect();
    this.check = new RequestCheck(version, signature, limit, model.unsupportedOutputs());
    this.allOutputs = new int[signature.outputs().size()];
    for (int i = 0; i < allOutputs.length; i++) {
      allOutputs[i] = model.signature().outputIndex(signature.outputs().get(i).name());
    }
  }

  public ModelVersion version() {
    return version;
  }

  /** Returns the configuration, completed from the model. */
  public ModelConfig config() {
    return config;
  }

  /** Returns what clients see. */
  public Signature signature() {
    return signature;
  }

  /** Returns the outputs of the model that cannot be returned. */
  public List<UnsupportedOutput> unsupportedOutputs() {
    return model.unsupportedOutputs();
  }

  /** Returns what an operator should know of the model, as {@link BackendModel#warnings}. */
  public List<String> warnings() {
    return model.warnings();
  }

  /** Returns which fields of config.pbtxt the model leaves without effect, for people. */
  public List<String> withoutEffect() {
    return withoutEffect;
  }

  /** Returns what the model's file says of itself, as {@link BackendModel#metadata}. */
  public Optional<String> metadata(String key) {
    return model.metadata(key);
  }

  /** Returns what a request must look like to be run. */
  public RequestCheck check() {
    return check;
  }

  /** Claims it for one request; null once it has been retired and its last claim is gone. */
  public @Nullable ServableHandle acquire() {
    int held = claims.get();
    while (held > 0) {
      if (claims.compareAndSet(held, held + 1)) {
        return handle;
      }
      held = claims.get();
    }
    return null;
  }

  /**
   * Gives up the owner's claim; to be called once.
   *
   * @return done when the last claim is gone and {@link #free} may be called
   */
  public CompletableFuture<@Nullable Void> retire() {
    release();
    return drained;
  }

  /** Frees the native memory; only after {@link #retire}'s future is done. */
  public void free() {
    if (claims.get() != 0) {
      throw new IllegalStateException(version + " still has " + claims.get() + " claims");
    }
    model.close();
  }

  InferenceOutputs run(List<Tensor> inputs, List<String> outputs) {
    return model.run(inputs, outputIndexes(outputs));
  }

  InferenceOutputs run(List<Tensor> inputs, List<String> outputs, RunControl control) {
    return model.run(inputs, outputIndexes(outputs), control);
  }

  /**
   * Allocates memory for batches; the caller holds a claim.
   *
   * @param shape with indexes into {@link #signature}
   */
  public BatchSlot openSlot(SlotShape shape) {
    return model.openSlot(
        new SlotShape(
            shape.rows(),
            shape.inputs().stream()
                .map(index -> model.signature().inputIndex(signature.inputs().get(index).name()))
                .toList(),
            shape.inputRows(),
            shape.outputs().stream().map(index -> allOutputs[index]).toList(),
            shape.outputRows()));
  }

  /** Creates what ends runs; the caller holds a claim. */
  public RunControl openControl() {
    return model.openControl();
  }

  /** Returns how many rows a request may have. */
  public BatchLimit limit() {
    return limit;
  }

  void release() {
    if (claims.decrementAndGet() == 0) {
      drained.complete(null);
    }
  }

  private int[] outputIndexes(List<String> names) {
    if (names.isEmpty()) {
      return allOutputs;
    }
    int[] indexes = new int[names.size()];
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = allOutputs[signature.outputIndex(names.get(i))];
    }
    return indexes;
  }
}
