package dev.skeg.monitor.profile;

/**
 * What became of the rows of a window.
 *
 * @param recorded rows that are in the profile, 0 or more
 * @param represented rows for which they stand: more than {@code recorded} where rows are sampled
 * @param dropped rows that found their ring full while the window was open
 * @param late rows that came after their own window had closed, while this one was open
 */
public record RowCounts(long recorded, double represented, long dropped, long late) {
  public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);

  /** Returns the counts where every row was recorded. */
  public static RowCounts of(long rows) {
    return new RowCounts(rows, rows, 0, 0);
  }

  /** Returns the sums. */
  public RowCounts merge(RowCounts other) {
    return new RowCounts(
        recorded + other.recorded,
        represented + other.represented,
        dropped + other.dropped,
        late + other.late);
  }
}
