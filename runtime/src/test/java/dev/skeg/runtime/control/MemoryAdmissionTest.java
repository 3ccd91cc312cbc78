package dev.skeg.runtime.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Loads held against memory that a test says there is. */
final class MemoryAdmissionTest {
  private static final long MIB = 1 << 20;

  private final AtomicLong available = new AtomicLong();
  private final AtomicLong resident = new AtomicLong();
  private final MemoryAdmission admission = new MemoryAdmission(available::get, resident::get);

  @Test
  void aLoadTakesThreeTimesItsFilesAndASessionAsLongAsNothingIsKnown() {
    available.set(308 * MIB);
    admission.claim("m", 100 * MIB).close();

    available.set(307 * MIB);
    assertThatThrownBy(() -> admission.claim("m", 100 * MIB))
        .isInstanceOf(MemoryAdmission.LackOfMemory.class)
        .hasMessageStartingWith(
            "there is no memory for it: loading it takes about 308 MiB (its files have 100 MiB),"
                + " and 307 MiB are free");
  }

  @Test
  void loadsUnderWayCountUntilTheyHaveEnded() {
    available.set(400 * MIB);
    MemoryAdmission.Claim first = admission.claim("a", 100 * MIB);

    assertThatThrownBy(() -> admission.claim("b", 100 * MIB))
        .hasMessageContaining("and 92 MiB are free");
    first.close();

    admission.claim("b", 100 * MIB).close();
  }

  @Test
  void whatALoadWasMeasuredToTakeCountsForTheNext() {
    available.set(1000 * MIB);
    try (MemoryAdmission.Claim claim = admission.claim("m", 100 * MIB)) {
      resident.set(508 * MIB); // Five times the file.
      claim.measure();
    }

    assertThatThrownBy(() -> admission.claim("m", 200 * MIB))
        .hasMessageContaining("about 1008 MiB");
    admission.claim("another", 200 * MIB).close();
  }

  @Test
  void whatIsMeasuredWhileOthersLoadTellsNothing() {
    available.set(Long.MAX_VALUE);
    try (MemoryAdmission.Claim first = admission.claim("a", 100 * MIB);
        MemoryAdmission.Claim second = admission.claim("b", 100 * MIB)) {
      resident.set(1000 * MIB);
      first.measure();
      second.measure();
    }

    available.set(308 * MIB);
    admission.claim("a", 100 * MIB).close();
    admission.claim("b", 100 * MIB).close();
    assertThat(available).hasValue(308 * MIB);
  }
}
