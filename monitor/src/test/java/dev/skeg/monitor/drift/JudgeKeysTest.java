package dev.skeg.monitor.drift;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a {@link Judge} keeps of the keys of a model, and that they share its budget. */
final class JudgeKeysTest {
  private static final int ROWS = 500;

  private final Random random = new Random(11);
  private final FeatureSpec spec = Columns.numeric("amount");
  private final double[] training = normal(20_000, 0);
  private final NumericBins bins = Columns.bins(training);
  private final Baseline baseline = Columns.baseline(Columns.profile(spec, bins, training));
  private final Judge judge = judge();

  private Judge judge() {
    return new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
  }

  private double[] normal(int rows, double mean) {
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      values[i] = mean + random.nextGaussian();
    }
    return values;
  }

  private FeatureVerdict judge(Judge by, int hour, ProfileKey key) {
    FeatureProfile own = Columns.profile(spec, bins, normal(ROWS, .1));
    Window window = new Window(hour * Columns.HOUR, (hour + 1) * Columns.HOUR);
    return by.judge(new Profile(key, window, RowCounts.of(ROWS), List.of(own)))
        .features()
        .getFirst();
  }

  private static Evidence skew(FeatureVerdict verdict) {
    return requireNonNull(verdict.evidence().get(DriftKind.SKEW));
  }

  /** All keys that a version can have: 32 segments, the others, all; two arms. */
  private static List<ProfileKey> legal(long version) {
    List<ProfileKey> keys = new ArrayList<>();
    for (String arm : List.of(ProfileKey.STABLE, ProfileKey.CANDIDATE)) {
      keys.add(new ProfileKey("m", version, arm, ProfileKey.ALL));
      keys.add(new ProfileKey("m", version, arm, ProfileKey.OTHER));
      for (int i = 0; i < 32; i++) {
        keys.add(new ProfileKey("m", version, arm, "segment" + i));
      }
    }
    return keys;
  }

  @Test
  void remembersEveryKeyThatCanBeDeclared() {
    List<ProfileKey> keys = new ArrayList<>(legal(1));
    keys.addAll(legal(2));
    for (int hour = 0; hour < 2; hour++) {
      for (ProfileKey key : keys) {
        FeatureVerdict verdict = judge(judge, hour, key);

        // Which of them it is: with any memory the detector is a sum over both beginnings.
        boolean isSum = skew(verdict).logDetector() > skew(verdict).logE();
        assertThat(isSum).describedAs(key + " " + hour).isEqualTo(hour == 1);
      }
    }
  }

  @Test
  void forgetsTheLongestUnusedOfTooManyKeysOfAVersion() {
    legal(1).forEach(key -> judge(judge, 0, key));
    judge(judge, 0, ProfileKey.of("m", 1).withSegment("one more"));

    FeatureVerdict last = judge(judge, 1, legal(1).getLast());
    FeatureVerdict first = judge(judge, 1, legal(1).getFirst());

    assertThat(skew(last).logDetector()).isGreaterThan(skew(last).logE());
    assertThat(skew(first).logDetector()).isEqualTo(skew(first).logE());
  }

  @Test
  void aVersionThatIsForgottenHasNoShareInTheBudgetAndNoMemory() {
    double alone = skew(judge(judge, 0, ProfileKey.of("m", 1))).logThreshold();
    judge(judge, 0, ProfileKey.of("m", 2));
    judge(judge, 0, ProfileKey.of("m", 2).withSegment("eu"));
    double shared = skew(judge(judge, 1, ProfileKey.of("m", 1))).logThreshold();

    judge.forget("m", 2);

    assertThat(shared).isEqualTo(alone + Math.log(3));
    assertThat(skew(judge(judge, 2, ProfileKey.of("m", 1))).logThreshold()).isEqualTo(alone);
    FeatureVerdict again = judge(judge, 3, ProfileKey.of("m", 2));
    assertThat(skew(again).logDetector()).isEqualTo(skew(again).logE());
  }

  @Test
  void theBudgetIsSharedByTheSameKeysAfterARestart() throws IOException {
    for (int i = 0; i < 5; i++) {
      judge(judge, 0, ProfileKey.of("m", 1).withSegment("segment" + i));
    }
    Judge other = judge();
    other.restore(judge.save());
    Judge third = judge();
    third.restore(other.save()); // Nothing was judged in between.

    ProfileKey first = ProfileKey.of("m", 1).withSegment("segment0");
    double expected = skew(judge(judge, 1, first)).logThreshold();

    assertThat(skew(judge(other, 1, first)).logThreshold()).isEqualTo(expected);
    assertThat(skew(judge(third, 1, first)).logThreshold()).isEqualTo(expected);
  }
}
