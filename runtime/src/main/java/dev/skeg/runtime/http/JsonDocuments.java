package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.ModelDescription;
import dev.skeg.runtime.model.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;

/** The small documents: metadata, configuration, the index. */
final class JsonDocuments {
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonDocuments() {}

  /** Writes one document. */
  @FunctionalInterface
  interface Writer {
    void write(JsonGenerator json) throws IOException;
  }

  static byte[] bytes(Writer writer) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      writer.write(json);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible); // Nothing in memory fails.
    }
    return out.toByteArray();
  }

  static void server(JsonGenerator json, String name, String version, List<String> extensions)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeStringField("version", version);
    strings(json, "extensions", extensions);
    json.writeEndObject();
  }

  static void model(JsonGenerator json, ModelDescription model) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", model.version().model());
    strings(json, "versions", model.readyVersions());
    json.writeStringField("platform", model.platform());
    tensors(json, "inputs", model.signature().inputs());
    tensors(json, "outputs", model.signature().outputs());
    if (!model.unsupportedOutputs().isEmpty()) {
      json.writeObjectFieldStart("properties");
      for (UnsupportedOutput output : model.unsupportedOutputs()) {
        json.writeStringField("unsupported_output." + output.name(), output.reason());
      }
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void strings(JsonGenerator json, String field, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  private static void tensors(JsonGenerator json, String field, List<TensorSpec> specs)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (TensorSpec spec : specs) {
      json.writeStartObject();
      json.writeStringField("name", spec.name());
      json.writeStringField("datatype", spec.type().name());
      json.writeArrayFieldStart("shape");
      for (long dim : spec.shape().toArray()) {
        json.writeNumber(dim);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  static void index(JsonGenerator json, List<IndexEntry> entries) throws IOException {
    json.writeStartArray();
    for (IndexEntry entry : entries) {
      json.writeStartObject();
      json.writeStringField("name", entry.model());
      optional(json, "version", entry.version());
      optional(json, "state", entry.state());
      optional(json, "reason", entry.reason());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void optional(JsonGenerator json, String field, String value) throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(field, value);
    }
  }

  /**
   * Writes a message as Triton writes its model configuration: protobuf's own field names, in the
   * order of their numbers; scalars, lists and maps even when empty, other messages only when set;
   * 64-bit integers as numbers.
   */
  static void message(JsonGenerator json, Message message) throws IOException {
    json.writeStartObject();
    List<FieldDescriptor> fields =
        message.getDescriptorForType().getFields().stream()
            .sorted(Comparator.comparingInt(FieldDescriptor::getNumber))
            .toList();
    for (FieldDescriptor field : fields) {
      if (field.hasPresence() && !message.hasField(field)) {
        continue;
      }
      json.writeFieldName(field.getName());
      Object value = message.getField(field);
      if (field.isMapField()) {
        map(json, field, (List<?>) value);
      } else if (field.isRepeated()) {
        json.writeStartArray();
        for (Object element : (List<?>) value) {
          value(json, field, element);
        }
        json.writeEndArray();
      } else {
        value(json, field, value);
      }
    }
    json.writeEndObject();
  }

  private static void map(JsonGenerator json, FieldDescriptor field, List<?> entries)
      throws IOException {
    FieldDescriptor keys = field.getMessageType().findFieldByNumber(1);
    FieldDescriptor values = field.getMessageType().findFieldByNumber(2);
    json.writeStartObject();
    for (Object entry : entries) {
      Message pair = (Message) entry;
      Object key = pair.getField(keys);
      boolean unsigned =
          keys.getType() == FieldDescriptor.Type.UINT64
              || keys.getType() == FieldDescriptor.Type.FIXED64;
      json.writeFieldName(unsigned ? Long.toUnsignedString((Long) key) : key.toString());
      value(json, values, pair.getField(values));
    }
    json.writeEndObject();
  }

  private static void value(JsonGenerator json, FieldDescriptor field, Object value)
      throws IOException {
    switch (field.getType()) {
      case MESSAGE, GROUP -> message(json, (Message) value);
      case ENUM -> json.writeString(((EnumValueDescriptor) value).getName());
      case BYTES ->
          json.writeString(Base64.getEncoder().encodeToString(((ByteString) value).toByteArray()));
      case STRING -> json.writeString((String) value);
      case BOOL -> json.writeBoolean((Boolean) value);
      case UINT64, FIXED64 -> json.writeNumber(Long.toUnsignedString((Long) value));
      case INT64, SINT64, SFIXED64 -> json.writeNumber((Long) value);
      case UINT32, FIXED32 -> json.writeNumber(Integer.toUnsignedLong((Integer) value));
      case INT32, SINT32, SFIXED32 -> json.writeNumber((Integer) value);
      // Jackson writes NaN and infinities as the strings of protobuf's JSON mapping.
      case FLOAT -> json.writeNumber((Float) value);
      case DOUBLE -> json.writeNumber((Double) value);
    }
  }
}
