package dev.skeg.monitor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

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
}
