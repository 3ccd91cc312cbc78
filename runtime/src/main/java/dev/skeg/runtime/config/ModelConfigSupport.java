package dev.skeg.runtime.config;

import java.util.List;

/**
 * What the server does with each field of config.pbtxt. The check refuses by this table, and the
 * reference shows it.
 *
 * @param field its name, or its path with dots, as {@code input.reshape}
 * @param note what it does, or what to do without it; a sentence's end, without a full stop
 */
record ModelConfigSupport(String field, Support support, String note) {
  /** How far a field goes. */
  enum Support {
    /** Does what Triton does. */
    WORKS,
    /** Read, checked, shown to clients; changes nothing, which a warning says at load. */
    KEPT,
    /** A model that has it is not loaded: to leave it out would give other answers. */
    REFUSED
  }

  static final List<ModelConfigSupport> ALL =
      List.of(
          works("name", "the directory's name, if given"),
          works("platform", "`onnxruntime_onnx`, if given"),
          works("backend", "`onnxruntime`, if given"),
          works("version_policy", "`latest`, `all` or `specific`; without it the newest version"),
          works("max_batch_size", "0 or more; without it the model is probed at load"),
          works("input", "`name`, `data_type`, `dims`, `optional`; what is left out is completed"),
          works("output", "`name`, `data_type`, `dims`; those named are the ones served"),
          works(
              "input.allow_ragged_batch",
              "a model that has the input as `[-1]` gets all elements of a request in one dimension;"
                  + " any other model takes requests of different shapes anyway"),
          works(
              "batch_input",
              "every kind; the server makes these inputs, and each request runs as a batch of its"
                  + " own"),
          works(
              "batch_output",
              "`BATCH_SCATTER_WITH_INPUT_SHAPE`; each request runs as a batch of its own"),
          works("default_model_filename", "`model.onnx`, if not given"),
          kept("input.format", "a hint"),
          kept("output.label_filename", "classification is not supported yet"),
          kept("optimization", "hints for an engine on a GPU"),
          works(
              "dynamic_batching",
              "sizes, delay, order, priorities and queue policies; without it a batch is whatever"
                  + " waits when a lane is free"),
          works(
              "instance_group",
              "`KIND_CPU` or `KIND_AUTO`, and `KIND_MODEL` as `KIND_CPU` with a warning; the counts"
                  + " together are the lanes, unless model.yaml says otherwise"),
          kept("metric_tags", "not added to metrics yet"),
          kept("parameters", "no parameter of the backend is known"),
          works(
              "model_warmup",
              "run before a version answers, each entry `count` times, at most 1000; a version that"
                  + " fails on one is not served"),
          works("response_cache", "only `enable: false`"),
          kept("model_metrics", "histograms have their own buckets"),
          works("model_transaction_policy", "only `decoupled: false`"),
          kept("instance_group.rate_limiter", "a lane runs whenever it is free"),
          kept("instance_group.host_policy", "lanes run on all processors of the process"),
          kept("instance_group.secondary_devices", "a model runs on the CPU"),
          kept("instance_group.profile", "for TensorRT"),
          kept("instance_group.passive", "every instance is a lane that takes requests"),
          refused("input.reshape", "give the model's own dims"),
          refused("output.reshape", "give the model's own dims"),
          refused("input.is_shape_tensor", "for TensorRT"),
          refused("output.is_shape_tensor", "for TensorRT"),
          refused("input.is_non_linear_format_io", "for TensorRT"),
          refused("output.is_non_linear_format_io", "for TensorRT"),
          refused("sequence_batching", "the model must be stateless"),
          refused("ensemble_scheduling", "call the models one by one"),
          refused("runtime", "only the built-in ONNX Runtime runs models"),
          refused("cc_model_filenames", "for GPUs; use default_model_filename"),
          refused("model_operations", "no operator library is loaded"),
          refused("model_repository_agents", "no agent is loaded"));

  private static ModelConfigSupport works(String field, String note) {
    return new ModelConfigSupport(field, Support.WORKS, note);
  }

  private static ModelConfigSupport kept(String field, String note) {
    return new ModelConfigSupport(field, Support.KEPT, note);
  }

  private static ModelConfigSupport refused(String field, String note) {
    return new ModelConfigSupport(field, Support.REFUSED, note);
  }
}
