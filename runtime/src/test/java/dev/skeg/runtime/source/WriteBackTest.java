package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.mlflow.MlflowWriter;
import dev.skeg.registry.testing.Exchange;
import dev.skeg.registry.testing.FaultyServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link WriteBack} and a registry that takes tags away only at times. */
@Timeout(60)
final class WriteBackTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Set<Long> tagged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refused = new AtomicInteger();
  private volatile boolean canUntag = true;
  private FaultyServer registry;
  private WriteBack writeBack;

  @BeforeEach
  void start() throws IOException {
    registry = FaultyServer.start(this::answer);
    SourceUri uri = SourceUri.parse("mlflow+http://" + registry.authority() + "/m");
    writeBack = new WriteBack("m", MlflowWriter.open(uri, SourceSettings.defaults()));
    writeBack.start();
  }

  @AfterEach
  void close() {
    writeBack.close();
    registry.close();
  }

  private Exchange.Answer answer(Exchange.Request request) throws IOException {
    long version = JSON.readTree(request.body()).path("version").asLong();
    if (request.method().equals("POST")) {
      tagged.add(version);
    } else if (canUntag) {
      tagged.remove(version);
    } else {
      refused.incrementAndGet();
      return Exchange.Answer.of(403);
    }
    return new Exchange.Answer(200, Map.of(), "{}".getBytes(StandardCharsets.UTF_8));
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(deadline - System.nanoTime()).isPositive();
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Has 2 follow upon 1, which keeps its tag. */
  private void serveTwoWithTheTagOfOneLeft() {
    writeBack.serves(1);
    await(() -> tagged.equals(Set.of(1L)));
    canUntag = false;
    writeBack.serves(2);
    await(() -> refused.get() > 0);
    assertThat(tagged).containsExactlyInAnyOrder(1L, 2L);
    canUntag = true;
  }

  @Test
  void onlyTheLastVersionStaysTaggedThoughSeveralAreLeftBehind() {
    serveTwoWithTheTagOfOneLeft();

    writeBack.serves(3);

    await(() -> tagged.equals(Set.of(3L)));
  }

  @Test
  void aVersionThatServesAgainIsTheOnlyOneThatIsTagged() {
    serveTwoWithTheTagOfOneLeft();

    writeBack.serves(1);

    await(() -> tagged.equals(Set.of(1L)));
  }
}
