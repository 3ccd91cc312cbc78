package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.drift.evidence.Detector;
import dev.skeg.monitor.drift.evidence.PageBudget;
import dev.skeg.monitor.drift.evidence.Stream;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Turns closed windows into verdicts: keeps, for each key, what its earlier windows have said.
 *
 * <p>Windows of one key are to be given in the order of their time. All keys of a model share its
 * budget of false pages, until their version is {@link #forget forgotten}. Of a version there are
 * {@value #MAX_KEYS_OF_VERSION} keys at most, as many as can be declared: of more, the one without
 * a window for longest is forgotten.
 *
 * <p><b>Threads.</b> One owner thread for all methods, the constructor and {@link #restore}
 * included.
 *
 * <p><b>Cost.</b> About half a millisecond a feature and kind of reference; memory of 64 windows'
 * counts and 168 hours' a feature.
 */
public final class Judge {
  private static final int STATE_MAGIC =
      0x534B4A32; // "SKJ2": changes with the layout of the state.

  /** Two arms, each with 32 segments, the rows of none of them, and all rows. */
  private static final int MAX_KEYS_OF_VERSION = 68;

  private final DriftConfig config;
  private final PageBudget budget;
  private final Function<ProfileKey, Optional<Baseline>> baselines;
  private final Map<ProfileKey, KeyState> keys = new LinkedHashMap<>(); // The longest unused first.

  /** One key's features by role and name, and what is known of its windows' rows. */
  private static final class KeyState {
    private final Map<String, FeatureJudge> features = new LinkedHashMap<>();
    private final Map<String, Saved> saved = new LinkedHashMap<>();
    private final RowQuality rows = new RowQuality();
    private Optional<Baseline> baseline = Optional.empty();

    int streams() {
      return features.values().stream().mapToInt(FeatureJudge::streams).sum()
          + saved.values().stream().mapToInt(each -> each.streams).sum();
    }
  }

  /** What is remembered of a feature that has had no window since the restart. */
  private static final class Saved {
    private final int streams;
    private final byte[] state;

    Saved(int streams, byte[] state) {
      this.streams = streams;
      this.state = state;
    }
  }

  /**
   * @param baselines by key: that of the version, the same for its arms; nothing for a segment
   *     without a baseline of its own rows, since a part differs from the whole. Asked every
   *     window; another one than before is what windows are held against from then on
   */
  public Judge(DriftConfig config, Function<ProfileKey, Optional<Baseline>> baselines) {
    this.config = config;
    this.budget = new PageBudget(config.windowsPerFalsePage());
    this.baselines = baselines;
  }

  /** Judges a closed window. */
  public WindowVerdict judge(Profile profile) {
    KeyState key = touch(profile.key());
    List<FeatureJudge> judges = judgesOf(key, profile);
    List<FeatureJudge.Hearing> hearings = new ArrayList<>();
    List<Stream.Turn> turns = new ArrayList<>();
    for (int i = 0; i < judges.size(); i++) {
      FeatureProfile feature = profile.features().get(i);
      EffectFloors floors = config.floorsOf(feature.spec().name());
      FeatureJudge.Hearing hearing = judges.get(i).hear(feature, profile.window(), floors);
      hearings.add(hearing);
      turns.addAll(hearing.turns().values());
    }
    int streams = Math.max(1, streamsOf(profile.key().model()));
    Set<Stream> raised = Set.copyOf(Stream.decide(budget, streams, turns));
    for (int i = 0; i < judges.size(); i++) {
      judges.get(i).missExcept(hearings.get(i).turns().keySet());
    }
    List<FeatureVerdict> features = new ArrayList<>();
    List<FeatureVerdict> outputs = new ArrayList<>();
    List<Boolean> repeats = new ArrayList<>();
    for (int i = 0; i < judges.size(); i++) {
      FeatureVerdict verdict = verdict(judges.get(i), hearings.get(i), raised, streams);
      (verdict.spec().role() == FeatureSpec.Role.OUTPUT ? outputs : features).add(verdict);
      FeatureQuality.repeats(judges.get(i), hearings.get(i).profile()).ifPresent(repeats::add);
    }
    return new WindowVerdict(
        profile.key(),
        profile.window(),
        profile.rows(),
        features,
        outputs,
        key.rows.check(profile, repeats));
  }

  /** Returns the keys of which something is remembered. */
  public Set<ProfileKey> keys() {
    return Set.copyOf(keys.keySet());
  }

  /** Lets go of a version that serves no more: of its memory and its share of the budget. */
  public void forget(String model, long version) {
    keys.keySet().removeIf(key -> isOf(key, model, version));
  }

  private static boolean isOf(ProfileKey key, String model, long version) {
    return key.version() == version && key.model().equals(model);
  }

  private KeyState touch(ProfileKey key) {
    KeyState found = keys.remove(key);
    KeyState state = found == null ? new KeyState() : found;
    keys.put(key, state); // At the end.
    List<ProfileKey> ofVersion =
        keys.keySet().stream().filter(each -> isOf(each, key.model(), key.version())).toList();
    if (ofVersion.size() > MAX_KEYS_OF_VERSION) {
      keys.remove(ofVersion.getFirst());
    }
    return state;
  }

  private int streamsOf(String model) {
    int streams = 0;
    for (Map.Entry<ProfileKey, KeyState> each : keys.entrySet()) {
      streams += each.getKey().model().equals(model) ? each.getValue().streams() : 0;
    }
    return streams;
  }

  private static String name(FeatureSpec spec) {
    return spec.role() + " " + spec.name();
  }

  private List<FeatureJudge> judgesOf(KeyState key, Profile profile) {
    List<FeatureJudge> judges = new ArrayList<>();
    Optional<Baseline> baseline = baselines.apply(profile.key());
    boolean isOther = !key.baseline.equals(baseline);
    key.baseline = baseline;
    for (FeatureProfile feature : profile.features()) {
      FeatureJudge known = key.features.get(name(feature.spec()));
      if (known != null && known.layout().bins().equals(feature.bins())) {
        if (isOther) {
          known.rebase(own(feature, baseline));
        }
        judges.add(known);
      } else {
        judges.add(newJudge(key, feature, own(feature, baseline)));
      }
    }
    return judges;
  }

  private static Optional<FeatureBaseline> own(
      FeatureProfile feature, Optional<Baseline> baseline) {
    return baseline
        .flatMap(all -> all.feature(feature.spec().role(), feature.spec().name()))
        .filter(each -> each.bins().equals(feature.bins()) && each.whole().rows() > 0);
  }

  private static FeatureJudge newJudge(
      KeyState key, FeatureProfile feature, Optional<FeatureBaseline> own) {
    String name = name(feature.spec());
    FeatureJudge judge = new FeatureJudge(feature, own, FeatureJudge.scored(feature, own));
    Saved saved = key.saved.remove(name);
    if (saved != null) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(saved.state))) {
        judge = FeatureJudge.read(in, feature, judge);
      } catch (IOException e) {
        throw new UncheckedIOException("state of " + name, e);
      }
    }
    key.features.put(name, judge);
    return judge;
  }

  private FeatureVerdict verdict(
      FeatureJudge judge, FeatureJudge.Hearing hearing, Set<Stream> raised, int streams) {
    Set<DriftKind> kinds = EnumSet.noneOf(DriftKind.class);
    Set<DriftKind> news = EnumSet.noneOf(DriftKind.class);
    boolean isKept = false;
    for (DriftKind kind : DriftKind.values()) {
      if (judge.stream(kind).isRaised()) {
        if (hearing.turns().containsKey(kind)) {
          kinds.add(kind);
        } else {
          isKept = true; // A drift of earlier windows, of which this one says nothing.
        }
      }
      if (raised.contains(judge.stream(kind))) {
        news.add(kind);
      }
    }
    Map<DriftKind, Evidence> evidence = new EnumMap<>(DriftKind.class);
    hearing
        .turns()
        .forEach((kind, turn) -> {
          Detector.Reading reading = turn.reading();
          evidence.put(
              kind,
              new Evidence(
                  reading.logE(),
                  reading.logDetector(),
                  budget.logThreshold(streams, 1),
                  reading.strongest().windows(),
                  reading.strongest().effects().pooled(),
                  reading.strongest().referenceRows()));
        });
    FeatureProfile profile = hearing.profile();
    DriftState state = DriftState.OK;
    if (!kinds.isEmpty()) {
      state = DriftState.DRIFT;
    } else if (isKept || profile.rows() < config.minRows() || hearing.turns().isEmpty()) {
      state = DriftState.INSUFFICIENT;
    }
    return new FeatureVerdict(
        profile.spec(),
        state,
        kinds,
        news,
        judge.statistics(hearing, config.compatibility()),
        evidence,
        hearing.effects(),
        FeatureQuality.of(judge, hearing));
  }

  /**
   * Returns all that the judge remembers, so that one that is {@link #restore restored} from it
   * gives the same verdicts on the same windows. Its layout is versioned.
   */
  public byte[] save() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(STATE_MAGIC);
      out.writeInt(keys.size());
      for (Map.Entry<ProfileKey, KeyState> each : keys.entrySet()) {
        ProfileKey key = each.getKey();
        out.writeUTF(key.model());
        out.writeLong(key.version());
        out.writeUTF(key.arm());
        out.writeUTF(key.segment());
        KeyState state = each.getValue();
        state.rows.write(out);
        out.writeInt(state.features.size() + state.saved.size());
        for (Map.Entry<String, FeatureJudge> feature : state.features.entrySet()) {
          ByteArrayOutputStream own = new ByteArrayOutputStream();
          feature.getValue().write(new DataOutputStream(own));
          Saved saved = new Saved(feature.getValue().streams(), own.toByteArray());
          write(out, feature.getKey(), saved);
        }
        for (Map.Entry<String, Saved> feature : state.saved.entrySet()) {
          write(out, feature.getKey(), feature.getValue());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Memory does not fail.
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, String name, Saved saved) throws IOException {
    out.writeUTF(name);
    out.writeByte(saved.streams);
    out.writeInt(saved.state.length);
    out.write(saved.state);
  }

  /**
   * Takes on what another judge remembered, in place of this one's memory. What was saved of a
   * feature whose bins have changed since is left out.
   *
   * @throws IOException if the bytes are not from {@link #save} of this version of the layout
   */
  public void restore(byte[] state) throws IOException {
    Map<ProfileKey, KeyState> read = new LinkedHashMap<>();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(state))) {
      int magic = in.readInt();
      if (magic != STATE_MAGIC) {
        throw new IOException("state: begins with " + magic + " (expected: " + STATE_MAGIC + ")");
      }
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        ProfileKey key = new ProfileKey(in.readUTF(), in.readLong(), in.readUTF(), in.readUTF());
        KeyState own = new KeyState();
        own.rows.read(in);
        int features = in.readInt();
        for (int f = 0; f < features; f++) {
          String name = in.readUTF();
          int streams = in.readUnsignedByte();
          int length = in.readInt();
          if (streams > DriftKind.values().length) {
            throw new IOException("state of " + name + ": " + streams + " streams");
          }
          if (length < 0 || length > in.available()) {
            throw new IOException("state of " + name + ": " + length + " bytes");
          }
          own.saved.put(name, new Saved(streams, in.readNBytes(length)));
        }
        read.put(key, own);
      }
    }
    keys.clear();
    keys.putAll(read);
  }
}
