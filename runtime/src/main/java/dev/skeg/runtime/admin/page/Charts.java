package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.runtime.admin.page.PastVerdict.Level;
import dev.skeg.runtime.admin.page.PastVerdict.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The pictures of one feature, as inline SVG whose colours are the style sheet's. */
final class Charts {
  private static final int WIDTH = 336;
  private static final int HEIGHT = 92;

  /** The longest bar of a feature is as long as there is room, if it is of so many rows. */
  private static final double LEAST_LONGEST = .2;

  /** A step this many times as high as the fourth highest is cut off: it would flatten the rest. */
  private static final double SPIKE = 1.8;

  /** The line of history is as high as this many times what a page needs. */
  private static final double TOP = 2;

  private Charts() {}

  /** Draws the window's values over the baseline's. */
  static void histogram(Html html, Shares shares, String name) {
    List<Shares.Bar> bars = new ArrayList<>();
    if (shares.isDiscrete()) {
      bars.addAll(shares.discrete());
    } else {
      values(html, shares, (NumericBins) shares.bins(), name);
      bars.addAll(shares.frequent());
    }
    bars.addAll(shares.special());
    double longest = LEAST_LONGEST;
    for (Shares.Bar bar : bars) {
      longest = Math.max(longest, Math.max(bar.now(), bar.before()));
    }
    html.raw("<div class=bars>");
    for (Shares.Bar bar : bars) {
      bar(html, bar, shares.hasBefore(), longest);
    }
    html.raw("</div>");
  }

  private static void values(Html html, Shares shares, NumericBins bins, String name) {
    ValueAxis axis = ValueAxis.of(bins, shares.hasBefore() ? shares.before() : shares.now());
    double[] now = axis.steps(shares.now());
    double[] before = axis.steps(shares.before());
    double top = top(now, before);
    html.raw("<svg class=hist viewBox='0 0 " + WIDTH + " " + (HEIGHT + 14) + "' role=img>");
    html.raw("<title>").text(name + ": histogram of this window over the baseline's");
    html.raw("</title>");
    if (shares.hasBefore()) {
      html.raw("<path class=base d='");
      steps(html, before, top, true);
      html.raw("'/>");
    }
    html.raw("<path class=nowfill d='");
    steps(html, now, top, true);
    html.raw("'/><path class=now d='");
    steps(html, now, top, false);
    html.raw("'/><path class=axis d='M0 " + HEIGHT + ".5H" + WIDTH + "'/>");
    for (int i = 0; i <= 2; i++) {
      String anchor = i == 0 ? "start" : i == 1 ? "middle" : "end";
      html.raw("<text class=tick y=" + (HEIGHT + 11) + " text-anchor=" + anchor + " x=");
      html.number(WIDTH * i / 2.0).raw(">");
      html.text(Html.figure(axis.value(i / 2.0)));
      html.raw(i == 1 && axis.isLogarithmic() ? " (log)</text>" : "</text>");
    }
    html.raw("</svg>");
  }

  private static void steps(Html html, double[] shares, double top, boolean closed) {
    double width = (double) WIDTH / shares.length;
    html.raw("M0 ").number(closed ? HEIGHT : height(shares[0], top));
    for (int i = 0; i < shares.length; i++) {
      html.raw("V").number(height(shares[i], top)).raw("H").number((i + 1) * width);
    }
    if (closed) {
      html.raw("V" + HEIGHT + "Z");
    }
  }

  private static double top(double[] now, double[] before) {
    double[] highest = new double[now.length];
    Arrays.setAll(highest, i -> Math.max(now[i], before[i]));
    Arrays.sort(highest);
    double fourth = highest[highest.length - 4];
    double top = highest[highest.length - 1];
    return Math.max(1e-12, fourth > 0 ? Math.min(top, SPIKE * fourth) : top);
  }

  private static double height(double share, double top) {
    return Math.max(0, HEIGHT - (HEIGHT - 4) * share / top);
  }

  private static void bar(Html html, Shares.Bar bar, boolean hasBefore, double longest) {
    html.raw("<div class=bar><span class=label title=\"").text(bar.label()).raw("\">");
    html.text(bar.label()).raw("</span>");
    html.raw("<svg viewBox='0 0 100 10' preserveAspectRatio=none aria-hidden=true>");
    if (hasBefore) {
      html.raw("<rect class=base height=10 width=").number(100 * bar.before() / longest).raw(" />");
    }
    html.raw("<rect class=nowbar y=2.5 height=5 width=")
        .number(100 * bar.now() / longest)
        .raw(" /></svg>");
    html.raw("<span class=share><b>").text(Html.percent(bar.now())).raw("</b>");
    if (hasBefore) {
      html.raw(" <i>").text(Html.percent(bar.before())).raw("</i>");
    }
    html.raw("</span></div>");
  }

  /** Draws the evidence of the windows so far, as a part of what a page needs. */
  static void history(Html html, List<PastVerdict> history, Subject subject) {
    int width = WIDTH;
    int height = 44;
    html.raw("<svg class=line viewBox='0 0 " + width + " " + height + "' role=img><title>");
    html.text(subject.name() + ": evidence window by window; the dashed line is what a page needs");
    html.raw("</title>");
    double threshold = y(1, height);
    html.raw("<path class=limit d='M0 ").number(threshold).raw("H" + width + "'/>");
    int count = history.size();
    StringBuilder marks = new StringBuilder();
    Html path = new Html();
    boolean down = false;
    for (int i = 0; i < count; i++) {
      Level level = history.get(i).levels().get(subject);
      if (level == null) {
        down = false;
        continue;
      }
      double x = count == 1 ? width / 2.0 : 4 + (width - 8.0) * i / (count - 1);
      double y = y(level.ratio(), height);
      path.raw(down ? "L" : "M").number(x).raw(" ").number(y);
      down = true;
      boolean last = i == count - 1;
      if (level.state() == DriftState.DRIFT || last) {
        String kind = level.state() == DriftState.DRIFT ? "hot" : "cool";
        Html mark = new Html().raw("<circle class=" + kind + " r=").number(last ? 3.2 : 1.8);
        marks.append(mark.raw(" cx=").number(x).raw(" cy=").number(y).raw(" />"));
      }
    }
    html.raw("<path class=trace d='").raw(path.toString()).raw("'/>").raw(marks.toString());
    html.raw("</svg>");
  }

  private static double y(double ratio, int height) {
    double part = Math.clamp(ratio, 0, TOP) / TOP;
    return height - 4 - (height - 8) * part;
  }

  /** Draws how many rows each window had. */
  static void volume(Html html, List<PastVerdict> history) {
    long most = history.stream().mapToLong(PastVerdict::rows).max().orElse(1);
    int count = history.size();
    double step = Math.min(12, (double) WIDTH / Math.max(1, count));
    html.raw("<svg class=volume viewBox='0 0 " + WIDTH + " 30' role=img>");
    html.raw("<title>Rows of each window</title>");
    for (int i = 0; i < count; i++) {
      double height = 28.0 * history.get(i).rows() / Math.max(1, most);
      html.raw("<rect class=" + (i == count - 1 ? "nowbar" : "rows") + " x=");
      html.number(WIDTH - (count - i) * step).raw(" y=").number(29 - height);
      html.raw(" width=").number(Math.max(.6, step - 1)).raw(" height=").number(height);
      html.raw(" />");
    }
    html.raw("</svg>");
  }
}
