package dev.skeg.runtime.control;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which of one model's loaded versions requests go to: those that name none, those that name a
 * label; and which are only kept for going back.
 *
 * <p><b>Threads.</b> The control thread's.
 */
final class Routing {
  private final Set<Long> routed = new TreeSet<>();
  private final Map<String, Long> labels = new TreeMap<>();
  private final Set<Long> previous = new LinkedHashSet<>(); // The longest out of the routing first.

  /** Sends requests that name no version to a version that has just been loaded, too. */
  void add(long number) {
    routed.add(number);
  }

  /** Puts a version that has just been loaded among those kept, in the order of the plan. */
  void keep(long number, ModelPlan plan) {
    Set<Long> others = new LinkedHashSet<>(previous);
    others.add(number);
    previous.clear();
    for (VersionPlan.Load load : plan.kept()) {
      if (others.remove(load.number())) {
        previous.add(load.number());
      }
    }
    previous.addAll(others); // They were put out of the routing since.
  }

  /** Sends nothing to a version any more. */
  void remove(long number) {
    routed.remove(number);
    previous.remove(number);
  }

  /**
   * Says who answers, by what is wanted and what is loaded.
   *
   * @param live by number
   */
  void update(ModelPlan plan, Map<Long, LiveVersion> live) {
    routed.retainAll(live.keySet());
    previous.retainAll(live.keySet());
    Set<Long> wanted = new TreeSet<>();
    boolean isComplete = true;
    for (VersionPlan version : plan.versions()) {
      switch (version) {
        case VersionPlan.Load load -> {
          LiveVersion loaded = live.get(load.number());
          isComplete &= loaded != null && loaded.load().isSameAs(load);
          if (loaded != null) {
            wanted.add(load.number());
          }
        }
        case VersionPlan.Refuse refuse -> {
          isComplete = false;
          if (routed.contains(refuse.number())) {
            wanted.add(refuse.number());
          }
        }
        case VersionPlan.Unload _ -> {}
      }
    }
    Set<Long> left = new TreeSet<>(routed);
    if (isComplete) {
      routed.clear();
    }
    routed.addAll(wanted);
    routed.removeAll(plan.unwanted());
    previous.removeAll(routed);
    left.removeAll(routed);
    previous.addAll(left);
    previous.removeAll(plan.unwanted());
    if (routed.isEmpty() && !isComplete && !previous.isEmpty()) {
      long last = List.copyOf(previous).getLast(); // Of those wanted there is none.
      previous.remove(last);
      routed.add(last);
    }
    label(plan, live);
  }

  /** Moves labels, but only to versions that are ready: until then they stay where they are. */
  private void label(ModelPlan plan, Map<Long, LiveVersion> live) {
    Map<String, Long> wanted = plan.handling().labels();
    labels.keySet().retainAll(wanted.keySet());
    wanted.forEach((label, number) -> {
      if (live.containsKey(number)) {
        labels.put(label, number);
      }
    });
    labels.values().retainAll(live.keySet());
  }

  /** Returns the numbers of those that are to be taken out of memory. */
  Set<Long> leaving(ModelPlan plan) {
    int kept = plan.isOver() ? 0 : plan.handling().keepPrevious();
    Set<Long> leaving = new LinkedHashSet<>(plan.unwanted());
    previous.stream().limit(Math.max(0, previous.size() - kept)).forEach(leaving::add);
    if (!plan.isOver()) {
      leaving.removeAll(labels.values()); // Clients call it by that name.
    }
    return leaving;
  }

  boolean isRouted(long number) {
    return routed.contains(number);
  }

  Map<String, Long> labels() {
    return labels;
  }

  /** Returns how many are kept for going back. */
  int kept() {
    return previous.size();
  }

  /** Returns the numbers of those that are kept for going back and for nothing else. */
  List<Long> onlyKept() {
    return previous.stream().filter(number -> !labels.containsValue(number)).toList();
  }
}
