package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.os.Pace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a version must show before it answers: it runs the warm-up that its configuration declares,
 * gives the answers of its golden set, and is as fast as it must be.
 *
 * <p>What it gets wrong on data that somebody gave is a reason to refuse it. What it does on
 * made-up data is only noted, for made-up data may be nonsense to it; and where rows do not stand
 * for themselves it is not run on any, for an integer may be a step or a size there, and some of
 * those end the process.
 *
 * <p><b>Threads.</b> One at a time, off the request path; every run is a call at the given pace.
 */
public final class VersionChecks {
  /** Runs of one case where its time counts; the fastest is what the version can do. */
  private static final int TIMED_RUNS = 5;

  /** For all recent requests together, as they were asked. */
  private static final long RECENT_NANOS = 500_000_000;

  /** For the batches made of them: each size runs once, unless that takes longer. */
  private static final long BATCHES_NANOS = 10_000_000_000L;

  /** Rows of the largest batch made of recent requests. */
  private static final int MAX_ROWS = 64;

  private static final int INTEGER_BOUND = 2;
  private static final long EXTENT = 4;
  private static final int SEED = 13;

  private final ServableHandle handle;
  private final LoadRequest request;
  private final Optional<Budget> budget;
  private final Pace pace;
  private final List<List<Tensor>> recent;
  private final List<String> notes = new ArrayList<>();

  private VersionChecks(
      ServableHandle handle,
      LoadRequest request,
      Optional<Budget> budget,
      List<List<Tensor>> recent,
      Pace pace) {
    this.handle = handle;
    this.recent = recent;
    this.request = request;
    this.budget = budget;
    this.pace = pace;
  }

  /**
   * What a version may take.
   *
   * @param maxLatency of one case
   * @param pace for runs that are timed: that of serving
   */
  public record Budget(Duration maxLatency, Pace pace) {}

  /** It took longer than its budget, which may be for what else the machine did. */
  public static final class TooSlow extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooSlow(String message) {
      super(message);
    }
  }

  /** The answer of one run, on the heap, and its time. */
  private record Answer(List<Tensor> outputs, long nanos) {
    Tensor output(String name) {
      for (Tensor output : outputs) {
        if (output.name().equals(name)) {
          return output;
        }
      }
      throw new IllegalStateException("the answer lacks output '" + name + "'");
    }
  }

  /**
   * Runs all checks.
   *
   * @param request what the version was loaded from
   * @param budget what one case may take
   * @param recent inputs of requests that the model has answered lately: the warm-up, if none is
   *     declared; made-up data stands in if there are none
   * @return what was noticed and is no reason to refuse it
   * @throws ServingException saying what it gets wrong on given data
   * @throws TooSlow if a given case takes longer than it may
   */
  public static List<String> run(
      Servable servable,
      LoadRequest request,
      Optional<Budget> budget,
      List<List<Tensor>> recent,
      Pace pace) {
    try (ServableHandle handle = Objects.requireNonNull(servable.acquire(), "a retired version")) {
      VersionChecks checks = new VersionChecks(handle, request, budget, recent, pace);
      checks.runWarmup();
      checks.runGoldenSet();
      if (!checks.runRecent()) {
        checks.runMadeUpRow();
      }
      return checks.notes;
    }
  }

  private void runWarmup() {
    Servable servable = handle.servable();
    List<DeclaredWarmup.Entry> entries =
        new DeclaredWarmup(servable.signature(), hasRows(), request.versionDirectory())
            .entries(servable.config().getModelWarmupList());
    for (DeclaredWarmup.Entry entry : entries) {
      requireFit(entry.place(), entry.inputs(), List.of());
      Answer first = null;
      for (int i = 0; i < entry.count(); i++) {
        Answer answer = given(entry.place(), entry.inputs(), List.of());
        if (first == null) {
          first = answer;
        } else if (i == 1) {
          String difference = difference(first, answer);
          if (difference != null) {
            notes.add(entry.place() + ": two runs on the same data differ: " + difference);
          }
        }
      }
      requireFast(entry.place(), entry.inputs(), List.of());
    }
  }

  private void runGoldenSet() {
    for (GoldenSet.Case each : GoldenSet.read(request.versionDirectory())) {
      List<String> names = each.outputs().stream().map(Tensor::name).toList();
      requireFit(each.place(), each.inputs(), names);
      Answer first = given(each.place(), each.inputs(), names);
      requireEqual(each, first, "");
      Answer second = given(each.place(), each.inputs(), names);
      requireEqual(each, second, " when it runs again");
      String difference = difference(first, second);
      if (difference != null) {
        notes.add(each.place() + ": two runs on the same data differ: " + difference);
      }
      requireFast(each.place(), each.inputs(), names);
    }
  }

  /**
   * Runs what was asked lately, as it was asked and in batches of every size. The old version gave
   * answers to it, but whoever sent it did not vouch for it: what goes wrong is only noted.
   *
   * @return whether there was any, or a declared warm-up goes before it
   */
  private boolean runRecent() {
    Servable servable = handle.servable();
    if (servable.config().getModelWarmupCount() > 0) {
      return true;
    }
    List<List<Tensor>> fitting =
        recent.stream().filter(inputs -> misfit(inputs, List.of()) == null).toList();
    if (runEach(fitting, RECENT_NANOS) && hasRows()) {
      boolean _ = runEach(RowBatches.of(fitting, maxRows()), BATCHES_NANOS);
    }
    return !fitting.isEmpty();
  }

  /** Runs one after the other until time is up; returns whether none failed. */
  private boolean runEach(List<List<Tensor>> requests, long nanos) {
    long began = System.nanoTime();
    for (List<Tensor> inputs : requests) {
      if (System.nanoTime() - began > nanos) {
        break;
      }
      try {
        Answer _ = run(inputs, List.of());
      } catch (ServingException e) {
        notes.add("a recent request fails: " + e.getMessage());
        return false;
      }
    }
    return true;
  }

  private int maxRows() {
    return switch (handle.servable().limit()) {
      case BatchLimit.NotBatchable _, BatchLimit.OneByOne _ -> 1;
      case BatchLimit.Found _ -> MAX_ROWS;
      case BatchLimit.Declared(int declared) -> Math.min(declared, MAX_ROWS);
    };
  }

  private void runMadeUpRow() {
    if (!handle.servable().limit().isBatchable()) {
      return;
    }
    List<Tensor> row = madeUpRow();
    try {
      Answer first = run(row, List.of());
      Answer second = run(row, List.of());
      String difference = difference(first, second);
      if (difference != null) {
        notes.add("two runs on the same made-up row differ: " + difference);
      }
      String slow = slow(row, List.of());
      if (slow != null) {
        notes.add("a made-up row takes " + slow);
      }
    } catch (ServingException e) {
      notes.add("a made-up row fails: " + e.getMessage());
    }
  }

  private List<Tensor> madeUpRow() {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Tensor> row = new ArrayList<>();
    Signature signature = handle.servable().signature();
    for (TensorSpec spec : signature.inputs()) {
      if (!spec.optional()) {
        long[] dims = spec.shape().toArray();
        for (int i = 0; i < dims.length; i++) {
          dims[i] = i == 0 ? 1 : dims[i] == Shape.VARIABLE ? EXTENT : dims[i];
        }
        row.add(RandomTensor.of(spec, Shape.of(dims), INTEGER_BOUND, random));
      }
    }
    return row;
  }

  private boolean hasRows() {
    return handle.servable().limit().hasRows();
  }

  private @Nullable String misfit(List<Tensor> inputs, List<String> outputs) {
    Servable servable = handle.servable();
    return servable
        .check()
        .error(
            new InferenceRequest(
                servable.version().model(),
                "",
                "",
                inputs,
                outputs,
                RequestTerms.NONE,
                System.nanoTime()));
  }

  private void requireFit(String place, List<Tensor> inputs, List<String> outputs) {
    String error = misfit(inputs, outputs);
    if (error != null) {
      throw refused(place, error);
    }
  }

  private static void requireEqual(GoldenSet.Case golden, Answer answer, String when) {
    for (Tensor expected : golden.outputs()) {
      Tensor actual = answer.output(expected.name());
      String difference = TensorValues.difference(expected, actual, golden.tolerance());
      if (difference != null) {
        throw refused(golden.place(), "output '" + expected.name() + "': " + difference + when);
      }
    }
  }

  private void requireFast(String place, List<Tensor> inputs, List<String> outputs) {
    String slow = slow(inputs, outputs);
    if (slow != null) {
      throw new TooSlow(place + ": takes " + slow);
    }
  }

  /** Returns what a case takes, and may take; null if that is not too much. */
  private @Nullable String slow(List<Tensor> inputs, List<String> outputs) {
    if (budget.isEmpty()) {
      return null;
    }
    long most = budget.get().maxLatency().toNanos();
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < TIMED_RUNS; i++) {
      fastest = Math.min(fastest, run(inputs, outputs, budget.get().pace()).nanos());
    }
    return fastest <= most
        ? null
        : fastest / 1000
            + " µs at best (expected: at most "
            + most / 1000
            + " µs, as versions.max-latency says)";
  }

  private Answer given(String place, List<Tensor> inputs, List<String> outputs) {
    try {
      return run(inputs, outputs);
    } catch (ServingException e) {
      throw new ServingException(e.code(), place + ": it fails: " + e.getMessage(), e);
    }
  }

  private Answer run(List<Tensor> inputs, List<String> outputs) {
    return run(inputs, outputs, pace);
  }

  private Answer run(List<Tensor> inputs, List<String> outputs, Pace at) {
    return at.call(() -> {
      long began = System.nanoTime();
      try (InferenceOutputs given = handle.run(inputs, outputs)) {
        long nanos = System.nanoTime() - began;
        List<Tensor> copies = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
          copies.add(TensorValues.copy(given.get(i)));
        }
        return new Answer(copies, nanos);
      }
    });
  }

  private static @Nullable String difference(Answer first, Answer second) {
    for (int i = 0; i < first.outputs().size(); i++) {
      Tensor expected = first.outputs().get(i);
      String difference = TensorValues.difference(expected, second.outputs().get(i), 0);
      if (difference != null) {
        return "output '" + expected.name() + "': " + difference;
      }
    }
    return null;
  }

  private static ServingException refused(String place, String problem) {
    return new ServingException(ErrorCode.INVALID_ARGUMENT, place + ": " + problem);
  }
}
