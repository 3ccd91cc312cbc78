package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.ModelDescription;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.model.Text;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelConfigResponse;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.ModelReadyRequest;
import inference.GrpcService.ModelReadyResponse;
import inference.GrpcService.RepositoryIndexRequest;
import inference.GrpcService.RepositoryIndexResponse;
import inference.GrpcService.RepositoryModelLoadRequest;
import inference.GrpcService.RepositoryModelLoadResponse;
import inference.GrpcService.RepositoryModelUnloadRequest;
import inference.GrpcService.RepositoryModelUnloadResponse;
import inference.GrpcService.ServerLiveResponse;
import inference.GrpcService.ServerMetadataResponse;
import inference.GrpcService.ServerReadyResponse;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code inference.GRPCInferenceService}: what is built, and a clear answer for what is not. {@code
 * ModelInfer} is answered before it gets here, by {@link InferConnection}.
 *
 * <p><b>Threads.</b> Every call runs on its event loop, so none of them may block, but for loading
 * and unloading models, each of which has a virtual thread of its own.
 */
final class InferenceService {
  private final Endpoints endpoints;
  private final ModelRepository repository;
  private final ServerState state;
  private final ServerIdentity identity;

  InferenceService(
      Endpoints endpoints, ModelRepository repository, ServerState state, ServerIdentity identity) {
    this.endpoints = endpoints;
    this.repository = repository;
    this.state = state;
    this.identity = identity;
  }

  ServerServiceDefinition definition() {
    ServiceDescriptor generated = GRPCInferenceServiceGrpc.getServiceDescriptor();
    Map<String, ServerMethodDefinition<?, ?>> built = new HashMap<>();
    for (ServerMethodDefinition<?, ?> method : methods()) {
      built.put(method.getMethodDescriptor().getFullMethodName(), method);
    }
    List<? extends ServerMethodDefinition<?, ?>> methods =
        generated.getMethods().stream()
            .map(method -> {
              ServerMethodDefinition<?, ?> known = built.get(method.getFullMethodName());
              return known == null ? UnaryMethod.unimplemented(method) : known;
            })
            .toList();
    ServiceDescriptor.Builder service =
        ServiceDescriptor.newBuilder(generated.getName())
            .setSchemaDescriptor(generated.getSchemaDescriptor());
    methods.forEach(method -> service.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(service.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }

  private List<ServerMethodDefinition<?, ?>> methods() {
    return List.of(
        UnaryMethod.of(
            GRPCInferenceServiceGrpc.getServerLiveMethod(),
            request -> ServerLiveResponse.newBuilder().setLive(state.isLive()).build()),
        UnaryMethod.of(
            GRPCInferenceServiceGrpc.getServerReadyMethod(),
            request -> ServerReadyResponse.newBuilder().setReady(state.isReady()).build()),
        UnaryMethod.of(
            GRPCInferenceServiceGrpc.getServerMetadataMethod(), request -> serverMetadata()),
        UnaryMethod.of(GRPCInferenceServiceGrpc.getModelReadyMethod(), this::modelReady),
        UnaryMethod.of(GRPCInferenceServiceGrpc.getModelMetadataMethod(), this::modelMetadata),
        UnaryMethod.of(GRPCInferenceServiceGrpc.getModelConfigMethod(), this::modelConfig),
        UnaryMethod.of(GRPCInferenceServiceGrpc.getRepositoryIndexMethod(), this::repositoryIndex),
        UnaryMethod.blocking(
            GRPCInferenceServiceGrpc.getRepositoryModelLoadMethod(), this::repositoryModelLoad),
        UnaryMethod.blocking(
            GRPCInferenceServiceGrpc.getRepositoryModelUnloadMethod(),
            this::repositoryModelUnload));
  }

  private ServerMetadataResponse serverMetadata() {
    return ServerMetadataResponse.newBuilder()
        .setName(identity.name())
        .setVersion(identity.version())
        .addAllExtensions(identity.extensions())
        .build();
  }

  private ModelReadyResponse modelReady(ModelReadyRequest request) {
    return ModelReadyResponse.newBuilder()
        .setReady(endpoints.isReady(request.getName(), request.getVersion()))
        .build();
  }

  private ModelMetadataResponse modelMetadata(ModelMetadataRequest request) {
    ModelDescription model = endpoints.describe(request.getName(), request.getVersion());
    return ModelMetadataResponse.newBuilder()
        .setName(model.version().model())
        .addAllVersions(model.readyVersions())
        .setPlatform(model.platform())
        .addAllInputs(model.signature().inputs().stream().map(InferenceService::metadata).toList())
        .addAllOutputs(
            model.signature().outputs().stream().map(InferenceService::metadata).toList())
        .build();
  }

  private static ModelMetadataResponse.TensorMetadata metadata(TensorSpec tensor) {
    ModelMetadataResponse.TensorMetadata.Builder metadata =
        ModelMetadataResponse.TensorMetadata.newBuilder()
            .setName(tensor.name())
            .setDatatype(tensor.type().name());
    for (long extent : tensor.shape().toArray()) {
      metadata.addShape(extent);
    }
    return metadata.build();
  }

  private ModelConfigResponse modelConfig(ModelConfigRequest request) {
    return ModelConfigResponse.newBuilder()
        .setConfig(endpoints.describe(request.getName(), request.getVersion()).config())
        .build();
  }

  private RepositoryIndexResponse repositoryIndex(RepositoryIndexRequest request) {
    if (!request.getRepositoryName().isEmpty()) {
      throw new ServingException(
          ErrorCode.UNSUPPORTED,
          "repository_name: '"
              + Text.excerpt(request.getRepositoryName())
              + "' (expected: empty, as there is one index of all repositories)");
    }
    RepositoryIndexResponse.Builder response = RepositoryIndexResponse.newBuilder();
    for (IndexEntry entry : endpoints.index(request.getReady())) {
      response.addModels(
          RepositoryIndexResponse.ModelIndex.newBuilder()
              .setName(entry.model())
              .setVersion(entry.version())
              .setState(entry.state())
              .setReason(entry.reason()));
    }
    return response.build();
  }

  private RepositoryModelLoadResponse repositoryModelLoad(RepositoryModelLoadRequest request) {
    if (request.getParametersCount() > 0) {
      throw new ServingException(
          ErrorCode.UNSUPPORTED,
          "parameters: "
              + Text.excerpt(String.join(", ", request.getParametersMap().keySet()))
              + " (expected: none, as a model is loaded as it lies in its repository)");
    }
    repository.load(modelName(request.getModelName(), request.getRepositoryName()));
    return RepositoryModelLoadResponse.getDefaultInstance();
  }

  private RepositoryModelUnloadResponse repositoryModelUnload(
      RepositoryModelUnloadRequest request) {
    // unload_dependents is for ensembles, of which there are none: unloading them is done already.
    repository.unload(modelName(request.getModelName(), request.getRepositoryName()));
    return RepositoryModelUnloadResponse.getDefaultInstance();
  }

  /** KServe's own dialect has the model's name where Triton's has the repository's. */
  private static String modelName(String model, String repositoryName) {
    String name = model.isEmpty() ? repositoryName : model;
    if (name.isEmpty()) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT, "model_name: '' (expected: a model's name)");
    }
    return name;
  }
}
