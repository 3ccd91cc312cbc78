package dev.skeg.registry.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server asks for in WWW-Authenticate (RFC 9110, section 11.6.1).
 *
 * @param scheme lower case, as {@code bearer}
 * @param parameters by name, lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
  private static final Pattern PARAMETER =
      Pattern.compile(
          "\\G[\\s,]*(" + TOKEN + ")\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(" + TOKEN + "))");
  private static final Pattern SCHEME = Pattern.compile("\\G[\\s,]*(" + TOKEN + ")(?=\\s|,|$)");

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /** Reads the values of all such headers; what is malformed ends a header early. */
  static List<Challenge> parse(List<String> headers) {
    List<Challenge> challenges = new ArrayList<>();
    for (String header : headers) {
      Matcher scheme = SCHEME.matcher(header);
      Matcher parameter = PARAMETER.matcher(header);
      int at = 0;
      while (scheme.find(at)) {
        at = scheme.end();
        Map<String, String> parameters = new TreeMap<>();
        while (parameter.find(at)) {
          String quoted = parameter.group(2);
          parameters.put(
              parameter.group(1).toLowerCase(Locale.ROOT),
              quoted == null ? parameter.group(3) : quoted.replaceAll("\\\\(.)", "$1"));
          at = parameter.end();
        }
        challenges.add(new Challenge(scheme.group(1).toLowerCase(Locale.ROOT), parameters));
      }
    }
    return challenges;
  }

  /** Returns a parameter; empty if it is not there. */
  String parameter(String name) {
    return parameters.getOrDefault(name, "");
  }
}
