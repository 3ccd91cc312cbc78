package dev.skeg.registry.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mlflow.api.proto.ModelRegistry.GetModelVersionByAlias;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersionStatus;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.ModelVersionsPage;
import org.mlflow_project.google.protobuf.util.JsonFormat;

/** Holds {@link MlflowServer} to the protocol, by driving it with MLflow's own client. */
@Timeout(120)
final class MlflowServerTest {
  private final MlflowServer server = new MlflowServer();
  private final MlflowClient client = new MlflowClient(server.uri().toString());

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void registersVersionsAsTheOfficialClientExpects() {
    client.sendPost("registered-models/create", "{\"name\":\"fraud\"}");
    client.sendPost(
        "model-versions/create",
        "{\"name\":\"fraud\",\"source\":\"mlflow-artifacts:/1/a\",\"run_id\":\"r\","
            + "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");

    ModelVersion version = client.getModelVersion("fraud", "1");

    assertThat(version.getStatus()).isEqualTo(ModelVersionStatus.READY);
    assertThat(version.getSource()).isEqualTo("mlflow-artifacts:/1/a");
    assertThat(version.getRunId()).isEqualTo("r");
    assertThat(version.getTags(0).getValue()).isEqualTo("v");
    assertThat(version.getCreationTimestamp()).isPositive();
    assertThat(client.getModelVersionDownloadUri("fraud", "1")).isEqualTo("mlflow-artifacts:/1/a");
  }

  @Test
  void movesAliasesAndSetsTags() throws Exception {
    server.models().add("fraud", "mlflow-artifacts:/1/a");
    server.models().add("fraud", "mlflow-artifacts:/1/b");
    for (int version = 1; version <= 2; version++) {
      client.sendPost(
          "registered-models/alias",
          "{\"name\":\"fraud\",\"alias\":\"champion\",\"version\":\"" + version + "\"}");
    }
    client.sendPost(
        "model-versions/set-tag",
        "{\"name\":\"fraud\",\"version\":\"2\",\"key\":\"a\",\"value\":\"b\"}");

    GetModelVersionByAlias.Response.Builder answer = GetModelVersionByAlias.Response.newBuilder();
    JsonFormat.parser()
        .merge(client.sendGet("registered-models/alias?name=fraud&alias=champion"), answer);

    assertThat(answer.getModelVersion().getVersion()).isEqualTo("2");
    assertThat(answer.getModelVersion().getAliasesList()).containsExactly("champion");
    assertThat(answer.getModelVersion().getTags(0).getKey()).isEqualTo("a");
    assertThat(client.getRegisteredModel("fraud").getAliases(0).getVersion()).isEqualTo("2");
  }

  @Test
  void pagesThroughASearch() {
    for (int i = 0; i < 5; i++) {
      server.models().add("fraud", "mlflow-artifacts:/1/a");
    }
    List<String> found = new ArrayList<>();
    ModelVersionsPage page =
        client.searchModelVersions("name='fraud'", 2, List.of("version_number DESC"));
    page.getItems().forEach(version -> found.add(version.getVersion()));
    for (int i = 0; i < 5 && page.hasNextPage(); i++) {
      page = (ModelVersionsPage) page.getNextPage();
      page.getItems().forEach(version -> found.add(version.getVersion()));
    }

    assertThat(found).containsExactly("5", "4", "3", "2", "1");
  }

  @Test
  void readsTheSameWhetherLongsAreNumbersOrStrings() {
    server.models().add("fraud", "mlflow-artifacts:/1/a");
    ModelVersion numbers = client.getModelVersion("fraud", "1");

    server.longsAreStrings(true);

    assertThat(client.getModelVersion("fraud", "1")).isEqualTo(numbers);
  }

  @Test
  void answersErrorsThatTheOfficialClientUnderstands() {
    server.models().add("fraud", "mlflow-artifacts:/1/a");

    assertError("registered-models/get?name=none", 404, "RESOURCE_DOES_NOT_EXIST");
    assertError("model-versions/get?name=fraud&version=9", 404, "RESOURCE_DOES_NOT_EXIST");
    assertError("registered-models/alias?name=fraud&alias=none", 400, "INVALID_PARAMETER_VALUE");
    assertError("no-such-thing", 404, "ENDPOINT_NOT_FOUND");
    assertThatThrownBy(() -> client.sendPost("registered-models/create", "{\"name\":\"fraud\"}"))
        .isInstanceOf(MlflowHttpException.class)
        .hasMessageContaining("400");
  }

  private void assertError(String path, int status, String code) {
    assertThatThrownBy(() -> client.sendGet(path))
        .isInstanceOfSatisfying(
            MlflowHttpException.class,
            e -> {
              assertThat(e.getStatusCode()).isEqualTo(status);
              assertThat(e.getBodyMessage()).contains(code);
            });
  }
}
