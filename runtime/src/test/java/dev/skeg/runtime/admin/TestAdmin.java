package dev.skeg.runtime.admin;

import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** What the admin port tells of a server that serves nothing. */
final class TestAdmin {
  private TestAdmin() {}

  static AdminPages pages(ModelSources sources) {
    return new AdminPages(
        new ServerIdentity("skeg", "1", List.of()),
        new ServerState(),
        new EndpointTable(new InferenceMetrics()),
        sources,
        Map::of,
        Clock.systemUTC());
  }
}
