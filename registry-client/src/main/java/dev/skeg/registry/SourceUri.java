package dev.skeg.registry;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The URI of one model at a source: {@code scheme:path}, {@code scheme://authority/path}, with
 * {@code ?option=value&…}.
 *
 * <p>Credentials never stand in it: userinfo and the parameters of presigned URLs are refused, so
 * that it can be logged and stored as it is. Two spellings of the same URI parse to equal values.
 *
 * @param scheme lower case, as {@code s3}
 * @param authority host and port, or bucket; empty if there is none
 * @param path percent-decoded; without a slash at the end, and after an authority without one at
 *     the beginning
 * @param options decoded, ordered by name
 */
public record SourceUri(String scheme, String authority, String path, Map<String, String> options) {
  private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]*");
  private static final Pattern AUTHORITY = Pattern.compile("[A-Za-z0-9._~:\\[\\]-]*");
  private static final Set<String> SECRETS =
      Set.of(
          "sig",
          "signature",
          "token",
          "password",
          "secret",
          "access_token",
          "x-amz-signature",
          "x-amz-credential",
          "x-amz-security-token",
          "x-goog-signature",
          "x-goog-credential");
  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

  public SourceUri {
    if (!SCHEME.matcher(scheme).matches()) {
      throw new IllegalArgumentException("scheme: " + scheme + " (expected: as s3, oci, https)");
    }
    if (!AUTHORITY.matcher(authority).matches()) {
      throw new IllegalArgumentException("authority: " + authority + " (expected: host[:port])");
    }
    options = Collections.unmodifiableMap(new TreeMap<>(options));
  }

  /**
   * Parses a URI.
   *
   * @throws IllegalArgumentException if it is none, or holds a secret; the message repeats no
   *     secret
   */
  public static SourceUri parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 1 || text.length() > 4096) {
      throw refused(text, "expected: SCHEME:PATH or SCHEME://HOST/PATH, as oci://host/team/fraud");
    }
    String scheme = text.substring(0, colon).toLowerCase(Locale.ROOT);
    if (!SCHEME.matcher(scheme).matches()) {
      throw refused(text, "expected: a scheme, as file, https, s3 or oci, before the colon");
    }
    String rest = text.substring(colon + 1);
    if (rest.indexOf('#') >= 0) {
      throw refused(text, "expected: no # (write %23 if a name contains one)");
    }
    int question = rest.indexOf('?');
    String query = question < 0 ? "" : rest.substring(question + 1);
    String hierarchy = question < 0 ? rest : rest.substring(0, question);
    String authority = "";
    String path = hierarchy;
    if (hierarchy.startsWith("//")) {
      int slash = hierarchy.indexOf('/', 2);
      authority = hierarchy.substring(2, slash < 0 ? hierarchy.length() : slash);
      path = slash < 0 ? "" : hierarchy.substring(slash);
    }
    if (authority.indexOf('@') >= 0) {
      throw refused(
          scheme + "://…@" + authority.substring(authority.lastIndexOf('@') + 1),
          "expected: no user and password here; they come from files or the environment");
    }
    if (!AUTHORITY.matcher(authority).matches()) {
      throw refused(text, "expected: HOST or HOST:PORT after //");
    }
    return new SourceUri(
        scheme,
        // An organisation of the Hugging Face Hub, unlike a host, is known by its very spelling.
        scheme.equals("hf") ? authority : authority.toLowerCase(Locale.ROOT),
        normalized(text, scheme, decode(text, path), !authority.isEmpty()),
        options(scheme, query));
  }

  private static String normalized(String text, String scheme, String path, boolean afterHost) {
    String result = path;
    while (result.length() > 1 && result.endsWith("/")) {
      result = result.substring(0, result.length() - 1);
    }
    if (afterHost && result.startsWith("/")) {
      result = result.substring(1);
    }
    for (int i = 0; i < result.length(); i++) {
      if (Character.isISOControl(result.charAt(i))) {
        throw refused(text, "expected: no control characters");
      }
    }
    if (!scheme.equals("file")) {
      for (String name : result.split("/", -1)) {
        if (name.equals("..") || name.equals(".")) {
          throw refused(text, "expected: no . and .. in the path");
        }
      }
    }
    return result;
  }

  private static Map<String, String> options(String scheme, String query) {
    Map<String, String> options = new TreeMap<>();
    if (query.isEmpty()) {
      return options;
    }
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(scheme, equals < 0 ? pair : pair.substring(0, equals));
      if (SECRETS.contains(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException(
            "option "
                + name
                + " of a "
                + scheme
                + ": URI is a secret (expected: in a file or environment variable)");
      }
      String value = equals < 0 ? "" : decode(scheme, pair.substring(equals + 1));
      if (name.isEmpty() || options.put(name, value) != null) {
        throw new IllegalArgumentException(
            "option '" + name + "' of a " + scheme + ": URI (expected: a name, given once)");
      }
    }
    return options;
  }

  /** Returns the value of an option; empty if it is not given. */
  public Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  /**
   * Refuses options that the source does not know.
   *
   * @throws IllegalArgumentException naming the first unknown one and those that would do
   */
  public void requireOptions(Set<String> known) {
    for (String name : options.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "option " + name + " of " + this + " (expected: " + expected(known) + ")");
      }
    }
  }

  private static String expected(Set<String> known) {
    return known.isEmpty() ? "none" : String.join(", ", known.stream().sorted().toList());
  }

  /** Returns the path, percent-encoded but for its slashes, as it stands in an HTTP URL. */
  public String encodedPath() {
    return encode(path, "/!$&'()*+,;=:@");
  }

  /** Percent-encodes everything but the unreserved characters of RFC 3986 and those allowed. */
  public static String encode(String text, String allowed) {
    StringBuilder result = new StringBuilder(text.length());
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (value & 0xff);
      if (UNRESERVED.indexOf(c) >= 0 || allowed.indexOf(c) >= 0) {
        result.append(c);
      } else {
        result.append('%').append(String.format(Locale.ROOT, "%02X", (int) c));
      }
    }
    return result.toString();
  }

  private static String decode(String uri, String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
        int low = high < 0 ? -1 : Character.digit(text.charAt(i + 2), 16);
        if (low < 0) {
          throw refused(uri, "expected: two hexadecimal digits after each %");
        }
        bytes.write(high * 16 + low);
        i += 2;
      } else {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("percent-encoded bytes that are no UTF-8 in a URI", e);
    }
  }

  private static IllegalArgumentException refused(String text, String expected) {
    int question = text.indexOf('?');
    String shown = question < 0 ? text : text.substring(0, question);
    return new IllegalArgumentException(
        "source: "
            + (shown.length() > 200 ? shown.substring(0, 200) + "…" : shown)
            + " ("
            + expected
            + ")");
  }

  /** Returns the canonical spelling, which parses to an equal value. */
  @Override
  public String toString() {
    StringBuilder result = new StringBuilder(scheme).append(':');
    if (!authority.isEmpty()) {
      result.append("//").append(authority).append(path.isEmpty() ? "" : "/");
    }
    result.append(encodedPath());
    char separator = '?';
    for (Map.Entry<String, String> option : options.entrySet()) {
      result.append(separator).append(encode(option.getKey(), ""));
      result.append('=').append(encode(option.getValue(), "/:"));
      separator = '&';
    }
    return result.toString();
  }
}
