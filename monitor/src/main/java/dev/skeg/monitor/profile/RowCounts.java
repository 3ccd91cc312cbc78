package dev.skeg.monitor.profile;

/**
 * What became of the rows of a window.
 *
 * @param recorded rows that are in the profile, 0 or more
 * @param represented rows for which they stand: more than {@code recorded} where rows are sampled
 * @param dropped rows that found their ring full while the window was open
 * @param late rows that came after their own window had closed, while this one was open, or whose
 *     time nobody can believe
 * @param isPartial whether the window was not watched from its start to its end, so that there are
 *     fewer rows than were served
 */
public record RowCounts(
    long recorded, double represented, long dropped, long late, boolean isPartial) {
  public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);

  /** Counts of a window that was watched from its start to its end. */
  public RowCounts(long recorded, double represented, long dropped, long late) {
    this(recorded, represented, dropped, late, false);
  }

  /** Returns the counts where every row was recorded. */
  public static RowCounts of(long rows) {
    return new RowCounts(rows, rows, 0, 0);
  }

  /** Returns the sums; partial if either is. */
  public RowCounts merge(RowCounts other) {
    return new RowCounts(
        recorded + other.recorded,
        represented + other.represented,
        dropped + other.dropped,
        late + other.late,
        isPartial || other.isPartial);
  }
}
