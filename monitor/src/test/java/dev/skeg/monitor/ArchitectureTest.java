package dev.skeg.monitor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** This library stands alone: it knows neither the server nor its sister. */
@AnalyzeClasses(packages = "dev.skeg.monitor", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("dev.skeg.monitor..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.skeg.runtime..", "dev.skeg.registry..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule FLOWS_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("record")
          .definedBy("dev.skeg.monitor.record..")
          .layer("profile")
          .definedBy("dev.skeg.monitor.profile..")
          .layer("data")
          .definedBy("dev.skeg.monitor.data..")
          .layer("baseline")
          .definedBy("dev.skeg.monitor.baseline..")
          .layer("drift")
          .definedBy("dev.skeg.monitor.drift..")
          .layer("alert")
          .definedBy("dev.skeg.monitor.alert..")
          .whereLayer("record")
          .mayNotAccessAnyLayer()
          .whereLayer("profile")
          .mayOnlyAccessLayers("record")
          .whereLayer("data")
          .mayOnlyAccessLayers("record")
          .whereLayer("baseline")
          .mayOnlyAccessLayers("record", "profile", "data")
          .whereLayer("drift")
          .mayOnlyAccessLayers("record", "profile", "baseline")
          .whereLayer("alert")
          .mayOnlyAccessLayers("record", "profile", "baseline", "drift");
}
