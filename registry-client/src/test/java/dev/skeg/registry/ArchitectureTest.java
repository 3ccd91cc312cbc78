package dev.skeg.registry;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** This library stands alone: it knows neither the server nor its sister. */
@AnalyzeClasses(
    packages = "dev.skeg.registry",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("dev.skeg.registry..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.skeg.runtime..", "dev.skeg.monitor..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule NO_CLIENT_OF_A_STORE_IS_ON_EVERYBODYS_CLASS_PATH =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("software.amazon..", "com.google..", "com.azure..", "reactor..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.skeg.registry.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_STORE_KNOWS_NO_SOURCE =
      noClasses()
          .that()
          .resideInAnyPackage("dev.skeg.registry.store..", "dev.skeg.registry.watch..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.skeg.registry.bucket..",
              "dev.skeg.registry.file..",
              "dev.skeg.registry.http..",
              "dev.skeg.registry.published..",
              "dev.skeg.registry.transport..");
}
