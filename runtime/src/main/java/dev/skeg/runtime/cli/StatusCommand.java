package dev.skeg.runtime.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code skeg status}: asks a running server's admin port what it serves. */
final class StatusCommand implements Command {
  private final Console console;

  StatusCommand(Console console) {
    this.console = console;
  }

  @Override
  public String name() {
    return "status";
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    AdminPort.add(spec);
    spec.addOption(
        OptionSpec.builder("--json")
            .description("Prints what the server answers as JSON.")
            .build());
    spec.usageMessage()
        .description("Asks a running server for its state, its models and their versions.")
        .footer("", "Example:", "  skeg status --admin 127.0.0.1:8003");
    return spec;
  }

  @Override
  public int run(ParseResult arguments) {
    AdminPort port = AdminPort.of(arguments, console);
    try {
      JsonNode status = port.getJson("/v1/status");
      JsonNode answer = port.getJson("/v1/models");
      JsonNode models = answer.isArray() ? answer : answer.path("models");
      if (arguments.hasMatchedOption("--json")) {
        ObjectNode both = new ObjectMapper().createObjectNode();
        both.set("status", status);
        both.set("models", models);
        console.out().println(both.toPrettyString());
      } else {
        print(status, models);
      }
      return Console.OK;
    } catch (AdminPort.Unreachable e) {
      console.problem(String.valueOf(e.getMessage()));
      return Console.FAILURE;
    }
  }

  private void print(JsonNode status, JsonNode models) {
    List<String> facts = new ArrayList<>();
    addFacts("", status, facts);
    console.out().println(String.join(" ", facts));
    List<String> names = new ArrayList<>();
    models.forEach(model -> names.add(model.path("name").asText()));
    Table table =
        new Table(
            console.out(),
            List.of("MODEL", "VERSION", "STATE", "LABELS", "SOURCE", "REASON"),
            names);
    for (JsonNode model : models) {
      String name = model.path("name").asText();
      JsonNode versions = model.path("versions");
      if (versions.isEmpty()) {
        table.row(
            name,
            "",
            model.path("state").asText(),
            "",
            source(model),
            model.path("reason").asText());
      }
      for (JsonNode version : versions) {
        table.row(
            name,
            version.path("version").asText(),
            version.path("state").asText(),
            labels(model, version.path("version").asText()),
            source(model),
            version.path("reason").asText().replace('\n', ' '));
      }
    }
    for (JsonNode model : models) {
      String problem = model.path("source").path("problem").asText("");
      if (!problem.isEmpty()) {
        console
            .out()
            .println(model.path("name").asText() + "'s source: " + problem.replace('\n', ' '));
      }
    }
  }

  /** Returns how a model's source is doing: {@code ok}, or what is wrong; empty if it has none. */
  private static String source(JsonNode model) {
    JsonNode source = model.path("source");
    return source.isMissingNode()
        ? ""
        : source.path("kind").asText("").isEmpty() ? "ok" : source.path("kind").asText();
  }

  private static String labels(JsonNode model, String version) {
    List<String> labels = new ArrayList<>();
    for (Map.Entry<String, JsonNode> label : model.path("labels").properties()) {
      if (label.getValue().asText().equals(version)) {
        labels.add(label.getKey());
      }
    }
    return String.join(",", labels);
  }

  /** Adds every value as {@code name=value}, with the names of the blocks it is in before it. */
  private static void addFacts(String prefix, JsonNode node, List<String> facts) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix + field.getKey();
      if (field.getValue().isValueNode()) {
        facts.add(name + "=" + field.getValue().asText());
      } else {
        addFacts(name + ".", field.getValue(), facts);
      }
    }
  }
}
