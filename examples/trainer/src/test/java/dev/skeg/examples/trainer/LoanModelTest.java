package dev.skeg.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.skeg.examples.trainer.LoanGenerator.Applicant;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.StringStringEntryProto;
import org.junit.jupiter.api.Test;

/** The loan model, trained small. */
final class LoanModelTest {
  @Test
  void theSameSeedGivesTheSameFileAndAnotherSeedAnother() {
    byte[] file = LoanModel.train(7, 2_000).toOnnx();

    assertThat(LoanModel.train(7, 2_000).toOnnx()).isEqualTo(file);
    assertThat(LoanModel.train(8, 2_000).toOnnx()).isNotEqualTo(file);
  }

  @Test
  void theFileNamesItsColumnsForTheMonitor() throws Exception {
    ModelProto file = ModelProto.parseFrom(LoanModel.train(7, 2_000).toOnnx());

    assertThat(file.getMetadataPropsList())
        .extracting(StringStringEntryProto::getKey, StringStringEntryProto::getValue)
        .containsExactly(
            tuple("feature_names", "salary,commission,age,elevel,car,zipcode,hvalue,hyears,loan"),
            tuple("categorical_features", "elevel,car,zipcode"));
  }

  @Test
  void learnsTheRuleFromFewThousandRows() {
    LoanModel.Quality quality = LoanModel.train(7, 8_000).measure(9, 5_000);

    assertThat(quality.accuracy()).isGreaterThan(0.9);
    assertThat(quality.auc()).isGreaterThan(0.97);
    assertThat(quality.logLoss()).isLessThan(0.25);
  }

  @Test
  void aboutHalfOfTheApplicantsAreApprovedAndAttributesKeepTheirRanges() {
    LoanGenerator generator = new LoanGenerator(3);
    int approved = 0;
    for (int i = 0; i < 10_000; i++) {
      Applicant applicant = generator.next();
      approved += applicant.approved() ? 1 : 0;
      assertThat(applicant.features()[0]).isBetween(20_000f, 150_000f);
      assertThat(applicant.features()[3]).isBetween(0f, 4f);
      assertThat(applicant.features()[8]).isBetween(0f, 500_000f);
    }

    assertThat(approved).isBetween(4_000, 6_000);
  }
}
