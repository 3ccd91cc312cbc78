package dev.skeg.runtime.config;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.TextFormat;
import inference.ModelConfigOuterClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says in our words, with the nearest valid name, what protobuf's text parser found wrong. */
final class TextFormatProblem {
  /** One line of the parser's list of unknown fields. */
  private static final Pattern UNKNOWN_FIELD =
      Pattern.compile("(\\d+):(\\d+):\\t([\\w.]+)\\.(\\w+)");

  private static final Pattern UNKNOWN_ENUM =
      Pattern.compile("Enum type \"([\\w.]+)\" has no value named \"(\\w+)\"");
  private static final Pattern PLACE = Pattern.compile("^\\d+:\\d+: ");

  /** What other formats call a datatype. */
  private static final Map<String, String> OTHER_NAMES =
      Map.of(
          "FLOAT", "TYPE_FP32",
          "TYPE_FLOAT", "TYPE_FP32",
          "TYPE_FLOAT32", "TYPE_FP32",
          "TYPE_FLOAT16", "TYPE_FP16",
          "TYPE_DOUBLE", "TYPE_FP64",
          "TYPE_FLOAT64", "TYPE_FP64",
          "TYPE_BYTES", "TYPE_STRING",
          "TYPE_BFLOAT16", "TYPE_BF16",
          "TYPE_INT", "TYPE_INT32",
          "TYPE_LONG", "TYPE_INT64");

  private TextFormatProblem() {}

  /** Returns one line per problem, each beginning with the file, the line and the column. */
  static List<String> explain(String file, TextFormat.ParseException e) {
    String message = String.valueOf(e.getMessage());
    List<String> problems = new ArrayList<>();
    Matcher unknown = UNKNOWN_FIELD.matcher(message);
    while (unknown.find()) {
      problems.add(
          "%s:%s:%s: %s: unknown field of %s%s"
              .formatted(
                  file,
                  unknown.group(1),
                  unknown.group(2),
                  unknown.group(4),
                  simpleName(unknown.group(3)),
                  fieldHint(unknown.group(3), unknown.group(4))));
    }
    if (problems.isEmpty()) {
      String text = PLACE.matcher(message).replaceFirst("").replace('\n', ' ').strip();
      Matcher unknownEnum = UNKNOWN_ENUM.matcher(text);
      if (unknownEnum.find()) {
        text = unknownEnum.group(2) + enumHint(unknownEnum.group(1), unknownEnum.group(2));
      }
      problems.add("%s:%d:%d: %s".formatted(file, e.getLine(), e.getColumn(), text));
    }
    return problems;
  }

  private static String simpleName(String type) {
    return type.substring(type.lastIndexOf('.') + 1);
  }

  private static String fieldHint(String type, String field) {
    Descriptor descriptor = find(ModelConfigOuterClass.getDescriptor().getMessageTypes(), type);
    return descriptor == null
        ? ""
        : Nearest.hint(
            field, descriptor.getFields().stream().map(FieldDescriptor::getName).toList());
  }

  private static String enumHint(String type, String value) {
    EnumDescriptor descriptor = findEnum(type);
    if (descriptor == null) {
      return ": unknown value";
    }
    List<String> names = descriptor.getValues().stream().map(EnumValueDescriptor::getName).toList();
    String meant = OTHER_NAMES.get(value);
    String hint =
        meant != null && names.contains(meant)
            ? " (did you mean " + meant + "?)"
            : Nearest.hint(value, names);
    return ": unknown value of "
        + simpleName(type)
        + (hint.isEmpty() ? " (expected: one of " + String.join(", ", names) + ")" : hint);
  }

  private static @Nullable Descriptor find(List<Descriptor> descriptors, String type) {
    for (Descriptor descriptor : descriptors) {
      if (descriptor.getFullName().equals(type)) {
        return descriptor;
      }
      Descriptor nested = find(descriptor.getNestedTypes(), type);
      if (nested != null) {
        return nested;
      }
    }
    return null;
  }

  private static @Nullable EnumDescriptor findEnum(String type) {
    for (EnumDescriptor descriptor : ModelConfigOuterClass.getDescriptor().getEnumTypes()) {
      if (descriptor.getFullName().equals(type)) {
        return descriptor;
      }
    }
    int dot = type.lastIndexOf('.');
    Descriptor owner =
        dot < 0
            ? null
            : find(ModelConfigOuterClass.getDescriptor().getMessageTypes(), type.substring(0, dot));
    return owner == null ? null : owner.findEnumTypeByName(type.substring(dot + 1));
  }
}
