package dev.skeg.registry;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The registry client is a library of its own. */
@AnalyzeClasses(
    packages = "dev.skeg.registry",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule KNOWS_NEITHER_SERVER_NOR_MONITOR =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.skeg.runtime..", "dev.skeg.monitor..", "inference..");
}
