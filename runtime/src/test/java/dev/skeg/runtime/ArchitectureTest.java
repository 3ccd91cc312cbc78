package dev.skeg.runtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** The arrows between the packages of the runtime: data flows through them one way. */
@AnalyzeClasses(packages = "dev.skeg.runtime", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String ROOT = "dev.skeg.runtime.";

  /** Each package, and which others of ours it may use. */
  private static final Map<String, List<String>> ARROWS = new TreeMap<>();

  static {
    ARROWS.put("model", List.of());
    ARROWS.put("config", List.of("model"));
    ARROWS.put("telemetry", List.of("model"));
    ARROWS.put("backend", List.of("model"));
    ARROWS.put("backend.onnx", List.of("backend", "model"));
    ARROWS.put("os", List.of());
    ARROWS.put("ragged", List.of("backend", "model"));
    ARROWS.put("servable", List.of("ragged", "backend", "model", "os"));
    ARROWS.put("tap", List.of("model"));
    ARROWS.put("batch", List.of("servable", "tap", "backend", "model", "os", "telemetry"));
    ARROWS.put("endpoint", List.of("batch", "servable", "backend", "model", "telemetry"));
    ARROWS.put("socket", List.of("model"));
    ARROWS.put("state", List.of("model"));
    ARROWS.put("grpc", List.of("endpoint", "backend", "model", "socket", "telemetry"));
    ARROWS.put("http", List.of("endpoint", "backend", "model", "socket", "telemetry"));
    ARROWS.put(
        "admin",
        List.of(
            "admin.page",
            "monitoring",
            "source",
            "endpoint",
            "servable",
            "backend",
            "model",
            "config",
            "telemetry"));
    ARROWS.put("admin.page", List.of());
    ARROWS.put("monitoring", List.of("admin.page", "state", "model", "telemetry"));
    ARROWS.put(
        "control",
        List.of("endpoint", "batch", "servable", "backend", "model", "config", "os", "telemetry"));
    ARROWS.put("source", List.of("control", "endpoint", "servable", "model", "os", "config"));
    ARROWS.put(
        "server",
        List.of(
            "source",
            "admin",
            "backend",
            "batch",
            "backend.onnx",
            "config",
            "control",
            "endpoint",
            "grpc",
            "http",
            "model",
            "monitoring",
            "servable",
            "socket",
            "tap",
            "state",
            "telemetry"));
    ARROWS.put(
        "cli",
        List.of(
            "server", "backend", "backend.onnx", "config", "model", "os", "servable", "telemetry"));
  }

  @ArchTest
  static final ArchRule PACKAGES_USE_ONLY_WHAT_THEY_MAY =
      classes().should(new UseOnlyWhatTheyMay());

  @ArchTest
  static final ArchRule THERE_IS_NO_CYCLE =
      slices().matching("dev.skeg.runtime.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule ONLY_BACKEND_AND_SYSTEM_KNOW_THE_NATIVE_WORLD =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT + "backend.onnx", ROOT + "os")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.Linker");

  @ArchTest
  static final ArchRule ONLY_TELEMETRY_KNOWS_THE_METRICS_LIBRARY =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "telemetry")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.prometheus..");

  @ArchTest
  static final ArchRule ONLY_STATE_KNOWS_THE_DATABASE =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "state")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "javax.sql..", "org.sqlite..");

  @ArchTest
  static final ArchRule ONLY_COMMANDS_PRINT =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "cli")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .callMethod(Throwable.class, "printStackTrace");

  @ArchTest
  static final ArchRule EVERY_PACKAGE_IS_NULL_MARKED =
      classes()
          .that(
              DescribedPredicate.describe(
                  "are package descriptions",
                  (JavaClass c) -> c.getSimpleName().equals("package-info")))
          .should()
          .beAnnotatedWith(NullMarked.class);

  private static final class UseOnlyWhatTheyMay extends ArchCondition<JavaClass> {
    UseOnlyWhatTheyMay() {
      super("use only the packages that theirs may use");
    }

    @Override
    public void check(JavaClass from, ConditionEvents events) {
      String own = name(from);
      List<String> allowed = ARROWS.get(own);
      if (allowed == null) {
        events.add(SimpleConditionEvent.violated(from, "package " + own + " is not in ARROWS"));
        return;
      }
      Set<JavaClass> targets =
          from.getDirectDependenciesFromSelf().stream()
              .map(dependency -> dependency.getTargetClass().getBaseComponentType())
              .filter(target -> target.getPackageName().startsWith(ROOT))
              .collect(Collectors.toSet());
      for (JavaClass target : targets) {
        if (!name(target).equals(own) && !allowed.contains(name(target))) {
          events.add(
              SimpleConditionEvent.violated(from, from.getName() + " uses " + target.getName()));
        }
      }
    }

    private static String name(JavaClass type) {
      return type.getPackageName().substring(ROOT.length());
    }
  }
}
