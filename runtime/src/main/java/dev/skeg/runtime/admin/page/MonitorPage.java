package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertState;
import dev.skeg.monitor.alert.AlertSubject;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.QualityFinding;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One window of a model on one page: what has drifted first, the loudest evidence first.
 *
 * <p>The document is whole in itself: no script, no image, no font and no style sheet is loaded, as
 * {@link #CONTENT_SECURITY_POLICY} holds browsers to.
 */
public final class MonitorPage {
  /** The header that the page is to be sent with. */
  public static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
          + " frame-ancestors 'none'";

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("EEE d MMM uuuu", Locale.ENGLISH).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("HH:mm", Locale.ENGLISH).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ENGLISH).withZone(ZoneOffset.UTC);

  private final MonitorView view;
  private final WindowVerdict verdict;
  private final Html html = new Html();

  private MonitorPage(MonitorView view) {
    this.view = view;
    this.verdict = view.verdict();
  }

  /** Returns the page. */
  public static String of(MonitorView view) {
    MonitorPage page = new MonitorPage(view);
    page.write();
    return page.html.toString();
  }

  /** Returns a page for a model of which there is nothing to show yet. */
  public static String empty(String model, String reason) {
    Html html = new Html();
    head(html, model);
    html.raw("<header><h1>").text(model).raw("</h1><p class='state quiet'>Nothing to show yet</p>");
    html.raw("<p>").text(reason).raw("</p></header></main>");
    return html.toString();
  }

  private static void head(Html html, String model) {
    html.raw("<!doctype html><html lang=en><meta charset=utf-8>");
    html.raw("<meta name=viewport content='width=device-width, initial-scale=1'>");
    html.raw("<meta name=color-scheme content='light dark'><title>").text(model);
    html.raw(" · Skeg monitor</title><style>").raw(resource("monitor.css")).raw("</style><main>");
  }

  private void write() {
    head(html, verdict.key().model());
    header();
    alerts();
    List<FeatureVerdict> all = new ArrayList<>(verdict.features());
    all.addAll(verdict.outputs());
    all.sort(
        Comparator.comparingDouble((FeatureVerdict each) -> -each.excess())
            .thenComparing(each -> each.spec().name()));
    section("In drift", all, DriftState.DRIFT);
    section("Quiet", all, DriftState.OK);
    section(whyUnjudged(), all, DriftState.INSUFFICIENT);
    legend();
    html.raw("</main>");
  }

  /** Returns what those features lack of which nothing can be said. */
  private String whyUnjudged() {
    if (verdict.rows() == 0) {
      return "No rows";
    }
    boolean isHeldAgainstNothing =
        Stream.concat(verdict.features().stream(), verdict.outputs().stream())
            .filter(each -> each.state() == DriftState.INSUFFICIENT)
            .allMatch(each -> each.evidence().isEmpty());
    return isHeldAgainstNothing ? "Nothing to compare with yet" : "Too few rows for a verdict";
  }

  private void header() {
    long drifting = count(verdict.features(), DriftState.DRIFT);
    long outputs = count(verdict.outputs(), DriftState.DRIFT);
    long judged =
        verdict.features().size()
            + verdict.outputs().size()
            - count(verdict.features(), DriftState.INSUFFICIENT)
            - count(verdict.outputs(), DriftState.INSUFFICIENT);
    html.raw("<header><div class=title><h1 title=\"").text(verdict.key().model()).raw("\">");
    html.text(verdict.key().model()).raw("</h1>").raw("<p class='state ");
    if (drifting + outputs > 0) {
      html.raw("drift'>").raw(number(drifting, "feature"));
      html.raw(outputs > 0 ? " and " + number(outputs, "output") : "").raw(" in drift</p>");
    } else if (judged == 0) {
      html.raw("quiet'>").raw(whyUnjudged()).raw("</p>");
    } else {
      html.raw("ok'>No drift</p>");
    }
    html.raw("</div>");
    keys();
    window();
    if (view.emptyAfter() > 0) {
      html.raw("<p class=warn>No rows since: the ");
      html.raw(
          view.emptyAfter() == 1
              ? "window after this one is"
              : Html.count(view.emptyAfter()) + " windows after this one are");
      html.raw(" empty</p>");
    }
    html.raw("<p class=facts>").raw(number(verdict.features().size(), "feature")).raw(", ");
    html.raw(number(verdict.outputs().size(), "output")).raw(" · <b>");
    html.raw(Html.count(verdict.rows())).raw("</b> rows");
    view.profile().ifPresent(profile -> counts(profile.counts()));
    view.baseline()
        .ifPresentOrElse(
            baseline -> html.raw(" · baseline of ").raw(Html.count(baseline.rows())).raw(" rows"),
            () ->
                html.raw(
                    " · <span class=warn>no baseline: only drift against earlier windows is"
                        + " judged</span>"));
    html.raw("</p>");
    for (QualityFinding finding : verdict.quality()) {
      html.raw("<p class=warn>").text(finding.detail()).raw("</p>");
    }
    if (view.history().size() > 1) {
      html.raw("<figure>");
      Charts.volume(html, view.history());
      html.raw("<figcaption>rows of each window since ");
      html.text(span(view.history().getFirst().window())).raw("</figcaption></figure>");
    }
    html.raw("</header>");
  }

  private void counts(RowCounts counts) {
    if (counts.dropped() > 0) {
      html.raw(" · <span class=warn><b>").raw(Html.count(counts.dropped()));
      html.raw("</b> not recorded, the monitor was behind</span>");
    }
    if (counts.late() > 0) {
      html.raw(" · <span class=warn><b>").raw(Html.count(counts.late()));
      html.raw("</b> came too late for their window</span>");
    }
  }

  private static long count(List<FeatureVerdict> verdicts, DriftState state) {
    return verdicts.stream().filter(each -> each.state() == state).count();
  }

  private static String number(long count, String what) {
    return "<b>" + Html.count(count) + "</b> " + what + (count == 1 ? "" : "s");
  }

  private void keys() {
    List<ProfileKey> keys = new ArrayList<>(view.keys());
    if (!keys.contains(verdict.key())) {
      keys.add(verdict.key());
    }
    keys.sort(
        Comparator.comparingLong(ProfileKey::version)
            .reversed()
            .thenComparing(ProfileKey::arm)
            .thenComparing(ProfileKey::segment));
    html.raw("<nav>");
    for (ProfileKey key : keys) {
      boolean here = key.equals(verdict.key());
      html.raw(here ? "<b>" : "<a href=\"?").raw(here ? "" : query(key)).raw(here ? "" : "\">");
      html.raw("version " + key.version());
      if (!key.arm().equals(ProfileKey.STABLE)) {
        html.raw(", ").text(key.arm());
      }
      if (!key.segment().equals(ProfileKey.ALL)) {
        html.raw(", ").text(key.segment());
      }
      html.raw(here ? "</b> " : "</a> ");
    }
    html.raw("</nav>");
  }

  private static String query(ProfileKey key) {
    return "version="
        + key.version()
        + "&amp;arm="
        + URLEncoder.encode(key.arm(), StandardCharsets.UTF_8)
        + "&amp;segment="
        + URLEncoder.encode(key.segment(), StandardCharsets.UTF_8);
  }

  private void window() {
    html.raw("<p class=window>");
    step("◀", "the window before", view.before());
    html.raw("<b>").text(span(verdict.window())).raw("</b> UTC");
    step("▶", "the window after", view.after());
    if (view.after().isPresent()) {
      html.raw(" <a href=\"?").raw(query(verdict.key())).raw("\">latest</a>");
    }
    html.raw(" <a href=\"?").raw(query(verdict.key())).raw("&amp;format=json&amp;window=");
    html.raw(Long.toString(verdict.window().startMillis())).raw("\">JSON</a></p>");
  }

  private void step(String sign, String title, Optional<Window> window) {
    window.ifPresent(to -> {
      html.raw(" <a title='" + title + "' href=\"?").raw(query(verdict.key()));
      html.raw("&amp;window=" + to.startMillis() + "\">" + sign + "</a> ");
    });
  }

  private static String span(Window window) {
    Instant start = Instant.ofEpochMilli(window.startMillis());
    Instant end = Instant.ofEpochMilli(window.endMillis());
    DateTimeFormatter time =
        window.startMillis() % 60_000 == 0 && window.endMillis() % 60_000 == 0 ? MINUTE : SECOND;
    String day = DAY.format(start);
    boolean oneDay = day.equals(DAY.format(end.minusMillis(1)));
    return day
        + " "
        + time.format(start)
        + " – "
        + (oneDay ? "" : DAY.format(end) + " ")
        + (oneDay && window.endMillis() % 86_400_000 == 0 ? "24:00" : time.format(end));
  }

  private void alerts() {
    if (view.alerts().isEmpty()) {
      return;
    }
    html.raw("<section><h2>Alerts</h2><ul class=alerts>");
    for (Alert alert : view.alerts()) {
      boolean page = alert.severity() == Severity.PAGE;
      html.raw("<li class='" + (page && alert.isActive() ? "page" : "notice") + "'>");
      html.raw("<div><span class=chip>" + alert.severity().word() + "</span> <b>");
      html.text(alert.summary()).raw("</b>");
      AlertSubject first = alert.subjects().getFirst();
      html.raw("<br><span class=dim>").text(first.detail());
      html.raw(alert.subjects().size() > 1 ? " (" : "");
      html.text(alert.subjects().size() > 1 ? first.name() + ")" : "").raw("</span></div>");
      html.raw("<div class=dim>since ").text(span(alert.raisedIn()));
      if (!alert.key().equals(verdict.key())) {
        html.raw("<br>version " + alert.key().version() + " ").text(alert.key().arm());
        html.raw(" ").text(alert.key().segment());
      }
      html.raw("<br>").raw(state(alert)).raw("</div>");
      if (alert.state() instanceof AlertState.Raised
          || alert.state() instanceof AlertState.Latched) {
        html.raw("<form method=post action=\"/v1/alerts/").text(alert.id());
        html.raw(":acknowledge\"><button>Acknowledge</button></form>");
      }
      html.raw("</li>");
    }
    html.raw("</ul></section>");
  }

  private static String state(Alert alert) {
    return switch (alert.state()) {
      case AlertState.Raised _ -> "goes on, nobody has acknowledged it";
      case AlertState.Latched _ -> "over, nobody has acknowledged it";
      case AlertState.Acknowledged known ->
          new Html()
              .raw("acknowledged")
              .text(known.by().isEmpty() ? "" : " by " + known.by())
              .text(known.comment().isEmpty() ? "" : ": " + known.comment())
              .toString();
      case AlertState.Cleared _ -> "cleared";
    };
  }

  private void section(String title, List<FeatureVerdict> all, DriftState state) {
    List<FeatureVerdict> own = all.stream().filter(each -> each.state() == state).toList();
    if (own.isEmpty()) {
      return;
    }
    html.raw("<section><h2>" + title + " <span class=dim>" + own.size() + "</span></h2>");
    html.raw("<div class='cards " + state.name().toLowerCase(Locale.ROOT) + "'>");
    FeatureCard card = new FeatureCard(view, html);
    for (FeatureVerdict each : own) {
      card.write(each, profile(each), baseline(each));
    }
    html.raw("</div></section>");
  }

  private Optional<FeatureProfile> profile(FeatureVerdict verdict) {
    return view.profile().stream()
        .flatMap(profile -> profile.features().stream())
        .filter(feature -> feature.spec().role() == verdict.spec().role())
        .filter(feature -> feature.spec().name().equals(verdict.spec().name()))
        .findFirst();
  }

  private Optional<FeatureProfile> baseline(FeatureVerdict verdict) {
    Role role = verdict.spec().role();
    return view.baseline()
        .flatMap(baseline -> baseline.feature(role, verdict.spec().name()))
        .map(feature -> feature.whole());
  }

  private void legend() {
    html.raw(
        "<footer><p><span class='key base'></span> baseline <span class='key now'></span> this");
    html.raw(
        " window. The line is the evidence of each window, as a part of what a page needs (the");
    html.raw(" dashed line): a false page is as rare as <code>false-pages-per-month</code> says.");
    html.raw(
        " A feature drifts where the evidence is there <em>and</em> the effect is surely over");
    html.raw(" its floor. <b>skew</b>: against the training data; <b>drift</b>: against earlier");
    html.raw(" windows.</p></footer>");
  }

  private static String resource(String name) {
    try (InputStream resource = MonitorPage.class.getResourceAsStream(name)) {
      if (resource == null) {
        throw new IllegalStateException(name + " is not in the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be read from the jar", e);
    }
  }
}
