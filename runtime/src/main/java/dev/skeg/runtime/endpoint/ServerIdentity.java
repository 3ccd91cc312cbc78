package dev.skeg.runtime.endpoint;

import java.util.List;

/**
 * What the server tells about itself, the same on every transport.
 *
 * @param name from the configuration
 * @param version of Skeg
 * @param extensions parts of the protocol beyond its core that work, by their names on the wire
 */
public record ServerIdentity(String name, String version, List<String> extensions) {
  public ServerIdentity {
    extensions = List.copyOf(extensions);
  }
}
