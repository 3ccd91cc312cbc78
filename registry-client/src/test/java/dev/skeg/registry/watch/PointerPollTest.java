package dev.skeg.registry.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The looks of a {@link PointerPoll}, one by one, and a {@link Watcher} that makes them. */
final class PointerPollTest {
  private static final WatchConfig CONFIG =
      new WatchConfig(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(1));

  private final Scripted source = new Scripted();
  private final List<Finding> findings = new ArrayList<>();
  private Instant now = Instant.EPOCH;
  private final PointerPoll poll =
      new PointerPoll(source, Pointer.LATEST, CONFIG, findings::add, () -> now, new Random(7));

  @Test
  void reportsTheFirstAtOnceAndThenOnlyChanges() {
    source.revision = "a";
    look(false);
    look(false);
    look(false);

    assertThat(seen()).containsExactly("a");
  }

  @Test
  void aChangeCountsWhenTwoLooksInARowSawIt() {
    source.revision = "a";
    look(false);
    source.revision = "b";

    assertThat(look(false)).isEqualTo(CONFIG.settle());
    assertThat(seen()).containsExactly("a");
    look(false);
    assertThat(seen()).containsExactly("a", "b");
  }

  @Test
  void aFlappingPointerIsNotFollowed() {
    source.revision = "a";
    look(false);
    for (int i = 0; i < 50; i++) {
      source.revision = i % 2 == 0 ? "b" : "a";
      look(false);
    }

    assertThat(seen()).containsExactly("a");
  }

  @Test
  void aHintCountsAtOnceButNotTwiceWithinAnInterval() {
    source.revision = "a";
    look(false);
    now = now.plusSeconds(30);
    source.revision = "b";
    look(true);
    assertThat(seen()).containsExactly("a", "b");

    source.revision = "a";
    now = now.plusSeconds(1);
    look(true);
    assertThat(seen()).containsExactly("a", "b");
    look(false);
    assertThat(seen()).containsExactly("a", "b", "a");
  }

  @Test
  void whatIsKnownFromTheStoreIsNotReportedAgain() {
    poll.startFrom(new Revision("a", 1, "", Map.of()));
    source.revision = "a";

    look(false);

    assertThat(findings).isEmpty();
  }

  @Test
  void failuresAreReportedOnceByKindWithTheFirstOnesTimeAndEndWithWhatIsSeen() {
    source.revision = "a";
    look(false);
    source.failure = new RegistryException(Kind.TRANSIENT, "down");
    now = now.plusSeconds(5);
    look(false);
    now = now.plusSeconds(5);
    look(false);
    source.failure = new RegistryException(Kind.DENIED, "no");
    look(false);
    source.failure = null;
    look(false);

    assertThat(findings)
        .containsExactly(
            findings.getFirst(),
            new Finding.Failed(Kind.TRANSIENT, "down", Instant.EPOCH.plusSeconds(5)),
            new Finding.Failed(Kind.DENIED, "no", Instant.EPOCH.plusSeconds(5)),
            findings.getFirst());
  }

  @Test
  void waitsLongerWithEachFailureUpToTheLongestAndAgainTheIntervalAfterwards() {
    source.failure = new RegistryException(Kind.TRANSIENT, "down");
    List<Long> expectedSeconds = List.of(10L, 20L, 40L, 60L, 60L);

    for (long expected : expectedSeconds) {
      Duration wait = look(false);
      assertThat(wait)
          .isBetween(Duration.ofMillis(expected * 900), Duration.ofMillis(expected * 1100));
    }
    source.failure = null;
    assertThat(look(false)).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(11));
  }

  @Test
  void whatTheSourceAsksForIsGranted() {
    source.failure = new RegistryException(Kind.TRANSIENT, "busy", null, Duration.ofSeconds(500));

    assertThat(look(false)).isEqualTo(Duration.ofSeconds(500));
  }

  @Test
  void whatTheSourceAsksForIsGrantedForAnHourAtMost() {
    source.failure =
        new RegistryException(Kind.TRANSIENT, "busy", null, ChronoUnit.FOREVER.getDuration());

    assertThat(look(false)).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void waitsAreSpreadByATenth() {
    source.revision = "a";
    List<Duration> waits = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      waits.add(look(false));
    }

    assertThat(waits).allMatch(wait -> wait.minusSeconds(10).abs().toMillis() <= 1000);
    assertThat(waits.stream().distinct().count()).isGreaterThan(150);
  }

  @Test
  void aHintWakesTheWatcherLongBeforeTheNextPoll() throws Exception {
    LinkedBlockingQueue<Finding> queue = new LinkedBlockingQueue<>();
    source.revision = "a";
    WatchConfig rare =
        new WatchConfig(Duration.ofHours(1), Duration.ofHours(1), Duration.ofMillis(1));

    try (Watcher watcher = Watcher.start(source, Pointer.LATEST, null, rare, queue::add)) {
      assertThat(queue.poll(30, TimeUnit.SECONDS)).isInstanceOf(Finding.Seen.class);
      source.revision = "b";
      watcher.hint();
      watcher.hint();

      Finding next = queue.poll(30, TimeUnit.SECONDS);
      assertThat(next)
          .isInstanceOfSatisfying(
              Finding.Seen.class, found -> assertThat(found.revision().revision()).isEqualTo("b"));
    }
  }

  private Duration look(boolean hinted) {
    return poll.look(hinted);
  }

  private List<String> seen() {
    return findings.stream()
        .map(finding ->
            finding instanceof Finding.Seen(Revision revision) ? revision.revision() : "")
        .toList();
  }

  /** A source whose pointer is moved by the test. */
  private static final class Scripted implements Source {
    volatile String revision = "x";
    volatile @Nullable RegistryException failure;

    @Override
    public SourceUri uri() {
      return SourceUri.parse("file:x");
    }

    @Override
    public Revision resolve(Pointer pointer, @Nullable Revision known) {
      RegistryException thrown = failure;
      if (thrown != null) {
        throw thrown;
      }
      return known != null && known.revision().equals(revision)
          ? known
          : new Revision(revision, 1, "", Map.of());
    }

    @Override
    public List<RemoteFile> files(Revision wanted) {
      return List.of();
    }

    @Override
    public Transfer open(Revision wanted, RemoteFile file, long offset) {
      throw new IllegalStateException("nothing to read");
    }

    @Override
    public void close() {}
  }
}
