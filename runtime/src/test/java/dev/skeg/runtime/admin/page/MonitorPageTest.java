package dev.skeg.runtime.admin.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.WindowVerdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The page of models that are made up. With {@code -Dskeg.pages=DIR} the pages are written there,
 * to be looked at.
 */
final class MonitorPageTest {
  private static String page(String name, MonitorView view) throws IOException {
    String page = MonitorPage.of(view);
    String directory = System.getProperty("skeg.pages", "");
    if (!directory.isEmpty()) {
      Files.createDirectories(Path.of(directory));
      Files.writeString(Path.of(directory, name + ".html"), page);
    }
    return page;
  }

  private static List<String> names(String page) {
    List<String> names = new ArrayList<>();
    Matcher each = Pattern.compile("<span class=name title=\"([^\"]*)\"").matcher(page);
    while (each.find()) {
      names.add(each.group(1));
    }
    return names;
  }

  @Test
  void saysWhatHasDriftedAndShowsItFirst() throws IOException {
    String page = page("drifted", PageSamples.drifted());

    assertThat(page)
        .contains("<b>2</b> features and <b>1</b> output in drift")
        .contains("The distribution has shifted: amount")
        .contains("There are new categories: channel")
        .contains("mean +0.31 standard deviations")
        .contains("<b>12</b> not recorded")
        .contains("<b>3</b> came too late");
    assertThat(names(page)).hasSize(4).endsWith("age");
  }

  @Test
  void saysThatNothingHasDrifted() throws IOException {
    assertThat(page("healthy", PageSamples.healthy()))
        .contains("No drift")
        .doesNotContain("<h2>Alerts")
        .doesNotContain("<h2>In drift");
  }

  /** Returns a view whose features nothing can be said of. */
  private static MonitorView unjudged(long rows, boolean hasEvidence) {
    MonitorView view = PageSamples.healthy();
    List<FeatureVerdict> features =
        view.verdict().features().stream()
            .map(each ->
                new FeatureVerdict(
                    each.spec(),
                    DriftState.INSUFFICIENT,
                    Set.of(),
                    Set.of(),
                    Map.of(),
                    hasEvidence ? each.evidence() : Map.of(),
                    Map.of(),
                    List.of()))
            .toList();
    return new MonitorView(
        new WindowVerdict(
            view.verdict().key(), view.verdict().window(), rows, features, List.of(), List.of()),
        view.profile(),
        view.baseline(),
        view.history(),
        view.alerts(),
        view.keys(),
        view.before(),
        view.after(),
        0);
  }

  private static MonitorView withEmptyAfter(int windows) {
    MonitorView view = PageSamples.healthy();
    return new MonitorView(
        view.verdict(),
        view.profile(),
        view.baseline(),
        view.history(),
        view.alerts(),
        view.keys(),
        view.before(),
        Optional.of(view.verdict().window().next()),
        windows);
  }

  @Test
  void saysThatNoRowsHaveComeSince() throws IOException {
    assertThat(page("silent", withEmptyAfter(3)))
        .contains("No rows since: the 3 windows after this one are empty")
        .contains("the window after");
    assertThat(MonitorPage.of(withEmptyAfter(1)))
        .contains("No rows since: the window after this one is empty");
    assertThat(MonitorPage.of(withEmptyAfter(0))).doesNotContain("No rows since");
  }

  @Test
  void saysWhyNothingIsJudged() throws IOException {
    assertThat(page("alone", unjudged(5_000, false)))
        .contains("Nothing to compare with yet")
        .doesNotContain("Too few rows");
    assertThat(page("few", unjudged(7, true))).contains("Too few rows for a verdict");
    assertThat(page("none", unjudged(0, false))).contains("No rows");
  }

  @Test
  void namesFromOutsideAreTextAndNothingElse() throws IOException {
    String page = page("many", PageSamples.many());

    assertThat(page).doesNotContain("<script").contains("&lt;script&gt;alert(&#39;x&#39;)");
    assertThat(names(page)).hasSize(62);
  }

  @Test
  void loadsNothingAndRunsNothing() throws IOException {
    for (MonitorView view : List.of(PageSamples.drifted(), PageSamples.many())) {
      String page = MonitorPage.of(view);

      assertThat(page).doesNotContainPattern("(?i)<(script|link|img|iframe|object|embed)");
      assertThat(page).doesNotContainPattern("(?i)(src=|url\\(|@import|javascript:|\\son[a-z]+=)");
      assertThat(page).doesNotContain("http://").doesNotContain("https://");
    }
    assertThat(MonitorPage.CONTENT_SECURITY_POLICY).startsWith("default-src 'none'");
  }

  @Test
  void thereIsAPageBeforeTheFirstWindow() {
    assertThat(MonitorPage.empty("<m>", "no window has closed yet"))
        .contains("&lt;m&gt;")
        .contains("no window has closed yet");
  }
}
