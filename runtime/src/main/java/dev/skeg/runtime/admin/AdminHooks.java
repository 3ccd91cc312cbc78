package dev.skeg.runtime.admin;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Secret;
import dev.skeg.registry.hook.HookCheck;
import dev.skeg.registry.hook.HookResult;
import dev.skeg.registry.hook.HookResult.Change;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/hooks/{source}}: notifications of registries and stores, which make looks at
 * pointers happen now and do nothing else.
 *
 * <p>A notification proves itself to each model by that model's own secret. To the models that have
 * none it needs what every other request of the port needs.
 *
 * <p><b>Threads.</b> Any.
 */
final class AdminHooks {
  static final String PATH = "/v1/hooks/";

  private static final Logger LOG = LoggerFactory.getLogger(AdminHooks.class);

  private final ModelSources sources;
  private final AdminAccess access;
  private final InstantSource clock;

  AdminHooks(ModelSources sources, AdminAccess access, InstantSource clock) {
    this.sources = sources;
    this.access = access;
    this.clock = clock;
  }

  Response answer(Request request) throws IOException {
    String name = request.path().substring(PATH.length());
    Optional<HookCheck> check = HookCheck.of(name);
    if (check.isEmpty()) {
      Optional<Response> refusal = access.refusal(request);
      return refusal.orElseGet(
          () -> Response.error(404, "hook '" + name + "' (expected: one of " + names() + ")"));
    }
    if (!request.method().equals("POST")) {
      return Response.notAllowed("POST");
    }
    byte[] body = request.body(HookCheck.MAX_BODY_BYTES);
    return answer(check.get(), request, body);
  }

  private Response answer(HookCheck check, Request request, byte[] body) {
    List<SourceConfig> models =
        sources.sources().stream().filter(model -> isOf(check, model)).toList();
    List<HookResult> results = new ArrayList<>();
    int hinted = 0;
    for (SourceConfig model : models) {
      if (model.hookSecret().isPresent()) {
        HookResult result = check(check, request, body, model, model.hookSecret().get());
        results.add(result);
        hinted += hint(check, result, model::equals);
      }
    }
    Predicate<SourceConfig> open = model -> model.hookSecret().isEmpty();
    if (results.isEmpty() || models.stream().anyMatch(open)) {
      Optional<Response> refusal = access.refusal(request);
      if (refusal.isPresent() && results.isEmpty()) {
        return refusal.get();
      }
      if (refusal.isEmpty()) {
        HookResult result = check.read(body);
        results.add(result);
        hinted += hint(check, result, open.and(models::contains));
      }
    }
    boolean genuine = results.stream().anyMatch(result -> !(result instanceof HookResult.Refused));
    return genuine
        ? new Response(202, "application/json", "{\"hinted\":" + hinted + "}")
        : refused(results);
  }

  private static Response refused(List<HookResult> results) {
    for (HookResult result : results) {
      if (result instanceof HookResult.Refused(int status, String reason)) {
        return Response.error(status, reason);
      }
    }
    throw new IllegalStateException("nothing was refused: " + results);
  }

  private HookResult check(
      HookCheck check, Request request, byte[] body, SourceConfig model, Secret secret) {
    Map<String, String> headers = request.headers();
    String token = request.parameter("token");
    if (!token.isEmpty()) {
      headers.put("x-skeg-token", token);
    }
    try {
      return check.check(headers, body, secret.value(), clock.instant());
    } catch (RegistryException | IllegalArgumentException e) {
      LOG.atWarn()
          .addKeyValue("model", model.model())
          .addKeyValue("reason", e.getMessage())
          .log("A notification cannot be checked");
      return new HookResult.Refused(503, "the secret cannot be used; the log says why");
    }
  }

  private int hint(HookCheck check, HookResult result, Predicate<SourceConfig> whom) {
    return result instanceof HookResult.Changed(List<Change> changes)
        ? sources.hint(whom.and(model -> concerns(check, changes, model)))
        : 0;
  }

  private static boolean isOf(HookCheck check, SourceConfig model) {
    String scheme = model.uri().scheme();
    return switch (check) {
      case MLFLOW -> scheme.startsWith("mlflow");
      case OCI, S3, GS -> scheme.equals(lowerCase(check));
      case STANDARD -> true;
    };
  }

  private static boolean concerns(HookCheck check, List<Change> changes, SourceConfig model) {
    return changes.isEmpty() || changes.stream().anyMatch(change -> concerns(check, change, model));
  }

  private static boolean concerns(HookCheck check, Change change, SourceConfig model) {
    String path = model.uri().path();
    String name = change.name();
    return switch (check) {
      case OCI -> path.equals(name);
      case MLFLOW -> path.equals(name) || path.endsWith("/" + name);
      case S3, GS -> model.uri().authority().equals(name) && change.reference().startsWith(path);
      case STANDARD -> model.model().equals(name);
    };
  }

  private static String names() {
    return Arrays.stream(HookCheck.values())
        .map(AdminHooks::lowerCase)
        .collect(Collectors.joining(", "));
  }

  private static String lowerCase(HookCheck check) {
    return check.name().toLowerCase(Locale.ROOT);
  }
}
