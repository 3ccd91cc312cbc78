package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.alert.Explanation;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.Effect;
import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.QualityFinding;
import dev.skeg.monitor.drift.Statistic;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.runtime.admin.page.PastVerdict.Subject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One feature or output: what is said of it, its two pictures, and its figures folded away. */
final class FeatureCard {
  private final MonitorView view;
  private final Html html;

  FeatureCard(MonitorView view, Html html) {
    this.view = view;
    this.html = html;
  }

  void write(
      FeatureVerdict verdict, Optional<FeatureProfile> profile, Optional<FeatureProfile> baseline) {
    html.raw("<article><h3><span class=name title=\"").text(verdict.spec().name()).raw("\">");
    html.text(verdict.spec().name()).raw("</span>");
    if (verdict.spec().role() == Role.OUTPUT) {
      html.raw("<span class='chip plain'>output</span>");
    }
    for (DriftKind kind : verdict.kinds()) {
      html.raw("<span class='chip hot'>" + word(kind) + "</span>");
    }
    if (!verdict.raised().isEmpty()) {
      html.raw("<span class='chip hot'>new</span>");
    }
    html.raw("</h3>");
    String told = "";
    if (verdict.state() == DriftState.DRIFT) {
      Explanation explanation = Explanation.of(verdict);
      told = explanation.detail();
      html.raw("<p class=cause><b>").text(explanation.cause().title()).raw("</b>: ");
      html.text(explanation.detail()).raw("</p>");
    }
    for (QualityFinding finding : verdict.quality()) {
      if (!finding.detail().equals(told)) {
        html.raw("<p class=warn>").text(finding.detail()).raw("</p>");
      }
    }
    if (profile.isPresent()) {
      Charts.histogram(html, Shares.of(profile.get(), baseline), verdict.spec().name());
    } else {
      html.raw("<p class=dim>This window's profile is not kept any more.</p>");
    }
    Subject subject = new Subject(verdict.spec().role(), verdict.spec().name());
    if (view.history().stream().anyMatch(past -> past.levels().containsKey(subject))) {
      Charts.history(html, view.history(), subject);
    }
    figures(verdict, profile, baseline);
    html.raw("</article>");
  }

  private void figures(
      FeatureVerdict verdict, Optional<FeatureProfile> profile, Optional<FeatureProfile> baseline) {
    html.raw("<details><summary>").raw(summary(verdict)).raw("</summary>");
    for (Map.Entry<DriftKind, Evidence> entry : verdict.evidence().entrySet()) {
      Evidence evidence = entry.getValue();
      html.raw("<p class=dim><b>" + word(entry.getKey()) + "</b>: ln E ");
      html.text(Html.figure(evidence.logE())).raw(", detector ");
      html.text(Html.figure(evidence.logDetector())).raw(" of ");
      html.text(Html.figure(evidence.logThreshold())).raw(" needed");
      html.raw(evidence.spanWindows() > 1 ? ", over " + evidence.spanWindows() + " windows" : "");
      html.raw("; design effect ").text(Html.figure(evidence.designEffect()));
      html.raw("; against ")
          .text(Html.figure(Math.rint(evidence.referenceRows())))
          .raw(" rows</p>");
      effects(verdict.effects().getOrDefault(entry.getKey(), List.of()));
    }
    moments(profile, baseline);
    if (!verdict.statistics().isEmpty()) {
      html.raw("<table><tr><th>statistic<th>value<th>from</tr>");
      for (Statistic statistic : verdict.statistics().values()) {
        html.raw("<tr><td>")
            .text(statistic.name())
            .raw("<td>")
            .text(Html.figure(statistic.value()));
        html.raw("<td class=dim>").text(statistic.provenance()).raw("</tr>");
      }
      html.raw("</table>");
    }
    html.raw("</details>");
  }

  /** Returns the line that stands where the figures are folded away. */
  private static String summary(FeatureVerdict verdict) {
    Html line = new Html();
    Evidence loudest = null;
    for (Evidence each : verdict.evidence().values()) {
      boolean louder =
          loudest == null
              || each.logDetector() - each.logThreshold()
                  > loudest.logDetector() - loudest.logThreshold();
      loudest = louder ? each : loudest;
    }
    if (loudest == null) {
      return "figures";
    }
    double part = loudest.logDetector() / Math.max(1e-9, loudest.logThreshold());
    line.raw("evidence <b>");
    line.text(
        part >= 10
            ? "over 10 times"
            : part >= 1
                ? String.format(Locale.ROOT, "%.1f times", part)
                : String.format(Locale.ROOT, "%.0f %% of", 100 * Math.max(0, part)));
    return line.raw("</b> what a page needs").toString();
  }

  private void effects(List<Effect> effects) {
    if (effects.isEmpty()) {
      return;
    }
    html.raw("<table><tr><th>effect<th>size<th>at least<th>floor</tr>");
    for (Effect effect : effects) {
      html.raw(effect.isOverFloor() ? "<tr class=over><td>" : "<tr><td>");
      html.text(word(effect.metric()).replace('_', ' '));
      html.text(effect.subject().isEmpty() ? "" : " of " + effect.subject());
      html.raw("<td>").text(Html.figure(effect.value()));
      html.raw("<td>").text(Html.figure(effect.lower()));
      html.raw("<td>").text(Html.figure(effect.floor())).raw("</tr>");
    }
    html.raw("</table>");
  }

  private void moments(Optional<FeatureProfile> profile, Optional<FeatureProfile> baseline) {
    if (profile.isEmpty() || profile.get().moments().count() == 0) {
      return;
    }
    html.raw("<table><tr><th><th>mean<th>sd<th>min<th>max</tr>");
    row("this window", profile.get());
    baseline.filter(base -> base.moments().count() > 0).ifPresent(base -> row("baseline", base));
    html.raw("</table>");
  }

  private void row(String name, FeatureProfile profile) {
    html.raw("<tr><td>" + name + "<td>").text(Html.figure(profile.moments().mean()));
    html.raw("<td>").text(Html.figure(profile.moments().standardDeviation()));
    html.raw("<td>").text(Html.figure(profile.moments().min()));
    html.raw("<td>").text(Html.figure(profile.moments().max())).raw("</tr>");
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
