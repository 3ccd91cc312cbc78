package dev.skeg.registry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The layout that directories, web servers and object stores share.
 *
 * <pre>
 * &lt;root&gt;/&lt;number&gt;/…files            a version, as in a Triton repository
 * &lt;root&gt;/&lt;number&gt;/_MANIFEST.json    written last; its SHA-256 is the revision
 * &lt;root&gt;/_pointers/&lt;kind&gt;/&lt;name&gt;    "8@sha256:…": number and manifest digest; written after it
 * </pre>
 *
 * <p>Only names, texts and bytes: it does no input or output.
 */
public final class PublishedLayout {
  /** The name of a version's manifest. */
  public static final String MANIFEST = "_MANIFEST.json";

  /**
   * The name of an empty file that stands beside a version's files while they are being written, so
   * that nobody takes them for a finished version without a manifest.
   */
  public static final String INCOMPLETE = "_INCOMPLETE";

  /** The name of a version's signature. */
  public static final String SIGNATURE = "model.sig";

  /** The directory of pointers, beside the versions. */
  public static final String POINTERS = "_pointers";

  /** The largest manifest that is read. */
  public static final int MAX_MANIFEST_BYTES = 8 << 20;

  /** The largest pointer that is read. */
  public static final int MAX_POINTER_BYTES = 1024;

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final Pattern TARGET = Pattern.compile("([1-9][0-9]{0,17})@sha256:([0-9a-f]{64})");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /**
   * A version's manifest.
   *
   * @param number 1 or more
   * @param files ordered by path
   */
  public record Manifest(long number, List<ArtifactFile> files) {
    public Manifest {
      files = files.stream().sorted(Comparator.comparing(ArtifactFile::path)).toList();
    }
  }

  /**
   * What a pointer file says.
   *
   * @param number 1 or more
   * @param manifestSha256 64 lower-case hexadecimal digits
   */
  public record Target(long number, String manifestSha256) {
    /** Returns the revision that it names, which is also the text of a pointer file. */
    @Override
    public String toString() {
      return number + "@sha256:" + manifestSha256;
    }
  }

  private PublishedLayout() {}

  /** Returns the number that a version directory's name means; 0 if it means none. */
  public static long versionNumber(String name) {
    return NUMBER.matcher(name).matches() ? Long.parseLong(name) : 0;
  }

  /** Returns the path of a version's manifest, relative to the root. */
  public static String manifestPath(long number) {
    return number + "/" + MANIFEST;
  }

  /** Returns the path of a pointer's file, relative to the root. */
  public static String pointerPath(Pointer pointer) {
    return POINTERS + "/" + pointer;
  }

  /** Whether a file of that path is content: part of the artifact's digest. */
  public static boolean isContent(String path) {
    return !path.equals(MANIFEST)
        && !path.equals(INCOMPLETE)
        && !path.equals(SIGNATURE)
        && !path.startsWith(".")
        && !path.contains("/.");
  }

  /** Returns the bytes of a pointer's file. */
  public static byte[] pointerBytes(Target target) {
    return (target + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads a pointer's file.
   *
   * @param origin names the file in messages
   * @throws RegistryException of kind INVALID if it is none
   */
  public static Target parsePointer(byte[] bytes, String origin) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1).strip();
    Matcher matcher = TARGET.matcher(text);
    if (!matcher.matches()) {
      throw new RegistryException(
          origin + " is no pointer (expected: NUMBER@sha256:… of a version's " + MANIFEST + ")");
    }
    return new Target(Long.parseLong(matcher.group(1)), matcher.group(2));
  }

  /** Returns the same bytes for the same files, whatever their order. */
  public static byte[] manifestBytes(long number, List<ArtifactFile> files) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("version", Long.toString(number));
      json.writeArrayFieldStart("files");
      for (ArtifactFile file : new Manifest(number, files).files()) {
        json.writeStartObject();
        json.writeStringField("path", file.path());
        json.writeNumberField("size", file.sizeBytes());
        json.writeStringField("sha256", file.sha256());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a manifest. Unknown members are passed over, so that later ones can say more.
   *
   * @param origin names the file in messages
   * @throws RegistryException of kind INVALID if it is none, or names an unsafe path
   */
  public static Manifest parseManifest(byte[] bytes, String origin) {
    try (JsonParser json = JSON.createParser(bytes)) {
      return manifest(json, origin);
    } catch (IOException e) {
      // The cause quotes what it read, which may be an error page with anything in it.
      throw new RegistryException(origin + " is no manifest (expected: JSON)");
    }
  }

  private static Manifest manifest(JsonParser json, String origin) throws IOException {
    long number = 0;
    List<ArtifactFile> files = new ArrayList<>();
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw new RegistryException(origin + " is no manifest (expected: a JSON object)");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (name.equals("version") && value.isScalarValue()) {
        number = versionNumber(json.getText());
      } else if (name.equals("files") && value == JsonToken.START_ARRAY) {
        while (json.nextToken() == JsonToken.START_OBJECT) {
          files.add(file(json, origin));
          if (files.size() > Artifact.MAX_FILES) {
            throw new RegistryException(
                origin + " lists more than " + Artifact.MAX_FILES + " files");
          }
        }
      } else {
        json.skipChildren();
      }
    }
    if (number == 0 || json.nextToken() != null) {
      throw new RegistryException(
          origin
              + " has no sound version (expected: \"version\":\"8\" and nothing after the object)");
    }
    Set<String> paths = new HashSet<>();
    for (ArtifactFile file : files) {
      if (!paths.add(file.path().toLowerCase(Locale.ROOT))) {
        throw new RegistryException(
            origin + " lists " + file.path() + " twice, or once more in other case");
      }
    }
    if (files.isEmpty()) {
      throw new RegistryException(origin + " lists no files (expected: at least one)");
    }
    return new Manifest(number, files);
  }

  private static ArtifactFile file(JsonParser json, String origin) throws IOException {
    String path = "";
    long size = -1;
    String sha256 = "";
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      switch (name) {
        case "path" -> path = value == JsonToken.VALUE_STRING ? json.getText() : "";
        case "size" -> size = value == JsonToken.VALUE_NUMBER_INT ? json.getLongValue() : -1;
        case "sha256" -> sha256 = value == JsonToken.VALUE_STRING ? json.getText() : "";
        default -> json.skipChildren();
      }
    }
    SafePath.require(path);
    if (size < 0 || !SHA256.matcher(sha256).matches()) {
      throw new RegistryException(
          origin + ": " + path + " has no sound size and sha256 (expected: both)");
    }
    return new ArtifactFile(path, size, sha256);
  }
}
