package dev.skeg.monitor.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.record.CategoryHash;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class CategoryBinsTest {
  @Test
  void namesTheFirstCategoriesAndHashesTheOthers() {
    long[] others = {CategoryHash.of("x"), CategoryHash.of("y")};
    CategoryBins bins = new CategoryBins(List.of("a", "b"), CategoryTail.of(others));

    assertThat(bins.size()).isEqualTo(20);
    assertThat(bins.binOf(CategoryHash.MISSING)).isEqualTo(Bins.MISSING);
    assertThat(bins.binOf(CategoryHash.of("a"))).isEqualTo(2);
    assertThat(bins.binOf(CategoryHash.of("b"))).isEqualTo(3);
    assertThat(bins.binOf(CategoryHash.of("x"))).isEqualTo(4 + (int) (others[0] >>> 60));
    assertThat(bins.binOf(CategoryHash.of("z"))).isEqualTo(CategoryBins.UNSEEN);
  }

  @Test
  void hasNoBucketsWhereAllCategoriesHaveNames() {
    List<String> names = IntStream.range(0, 128).mapToObj(Integer::toString).toList();
    CategoryBins bins = new CategoryBins(names, CategoryTail.EMPTY);

    assertThat(bins.size()).isEqualTo(130);
    for (int i = 0; i < 128; i++) {
      assertThat(bins.binOf(CategoryHash.of(i))).isEqualTo(2 + i);
    }
    assertThat(bins.binOf(CategoryHash.of(128))).isEqualTo(CategoryBins.UNSEEN);
  }

  @Test
  void knowsACategoryOfALargeTailAndFewThatAreNotInIt() {
    long[] many = LongStream.range(0, 150_000).map(CategoryHash::of).toArray();
    CategoryTail tail = CategoryTail.of(many);

    assertThat(tail.isApproximate()).isTrue();
    for (long hash : many) {
      assertThat(tail.contains(hash)).isTrue();
    }
    long wrong =
        LongStream.range(200_000, 300_000).filter(i -> tail.contains(CategoryHash.of(i))).count();
    assertThat(wrong).isLessThan(100);
  }

  @Test
  void knowsExactlyTheCategoriesOfASmallTail() {
    long[] some = LongStream.range(0, 1_000).map(CategoryHash::of).toArray();
    CategoryTail tail = CategoryTail.of(some);

    assertThat(tail.isApproximate()).isFalse();
    assertThat(LongStream.range(0, 100_000).filter(i -> tail.contains(CategoryHash.of(i))).count())
        .isEqualTo(1_000);
  }
}
