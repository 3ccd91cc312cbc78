package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A {@link CategoryBudget} of 1,000 categories in all, 800 in one column. */
final class CategoryBudgetTest {
  private static CategoryBudget filled(int[] distinct, long seed) {
    List<Integer> order = new ArrayList<>();
    for (int column = 0; column < distinct.length; column++) {
      order.addAll(Collections.nCopies(distinct[column], column));
    }
    Collections.shuffle(order, new Random(seed));
    CategoryBudget budget = new CategoryBudget(distinct.length, 800, 1000);
    for (int column : order) {
      if (!budget.isOver(column)) {
        budget.add(column);
      }
    }
    return budget;
  }

  @Test
  void givesUpTheColumnsWithTheMostWhateverTheOrder() {
    int[] distinct = {700, 350, 90, 5, 0, 120};

    for (long seed = 1; seed <= 20; seed++) {
      CategoryBudget budget = filled(distinct, seed);

      // 400 + 350 + 90 + 5 + 120 fit, with a limit of 800 they do not.
      assertThat(budget.limit()).as("seed %d", seed).isEqualTo(400);
      assertThat(budget.isOver(0)).isTrue();
      for (int column = 1; column < distinct.length; column++) {
        assertThat(budget.isOver(column)).isFalse();
      }
    }
  }

  @Test
  void limitsAColumnByItself() {
    CategoryBudget budget = filled(new int[] {801, 800}, 1);

    assertThat(budget.limit()).isEqualTo(400);
    assertThat(filled(new int[] {801}, 1).isOver(0)).isTrue();
    assertThat(filled(new int[] {800}, 1).isOver(0)).isFalse();
  }
}
