package dev.skeg.registry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skeg.registry.Digests;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import dev.skeg.registry.transport.JsonReply;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One repository of a registry, by the OCI distribution protocol. <b>Threads.</b> Any, several at
 * once.
 */
final class OciRegistry implements AutoCloseable {
  /** What reading needs. */
  static final String PULL = "pull";

  /** What writing needs. */
  static final String PUSH = "pull,push";

  private static final int MAX_MANIFEST_BYTES = 4 << 20;
  private static final int MAX_TAGS_BYTES = 8 << 20;
  private static final int MAX_TAG_PAGES = 100;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");

  private final OciReference reference;
  private final HttpTransport transport;
  private final RegistryLogin login;
  private final String actions;

  /**
   * Opens one; no connection is made yet.
   *
   * @param actions {@link #PULL} or {@link #PUSH}
   */
  OciRegistry(OciReference reference, SourceSettings settings, String actions) {
    this.reference = reference;
    this.transport = HttpTransport.open(settings.network());
    this.login = new RegistryLogin(reference, settings, transport);
    this.actions = actions;
  }

  OciReference reference() {
    return reference;
  }

  /**
   * Sends a request, with what the registry accepts as Authorization.
   *
   * @throws RegistryException as {@link HttpTransport#send}
   */
  HttpReply send(HttpCall call) {
    if (!isOurs(call.uri())) {
      // An upload's location may be at an object store, which knows us by its own signature.
      return transport.send(call);
    }
    HttpReply reply =
        transport.send(call.withAuthorization(login.authorization(actions)).answering(401));
    if (reply.status() != 401) {
      return reply;
    }
    List<String> challenges = reply.headers().allValues("www-authenticate");
    reply.close();
    return transport.send(call.withAuthorization(login.answer(actions, challenges)));
  }

  private boolean isOurs(URI uri) {
    return reference.base().getScheme().equals(uri.getScheme())
        && reference.base().getRawAuthority().equalsIgnoreCase(uri.getRawAuthority());
  }

  /**
   * Asks what a tag or digest points to, at the least cost there is.
   *
   * @param known digest of the last look; empty for none
   * @return the digest; {@code known} if nothing changed
   * @throws RegistryException of kind NOT_FOUND if there is no such name
   */
  String look(String name, String known) {
    HttpCall call =
        HttpCall.head(reference.uri("manifests/" + name))
            .withHeader("Accept", Manifest.ACCEPT)
            .answering(304, 405);
    if (!known.isEmpty()) {
      call = call.withHeader("If-None-Match", "\"" + known + "\"");
    }
    try (HttpReply reply = send(call)) {
      String digest = reply.header("docker-content-digest");
      if (reply.status() == 304) {
        return known;
      }
      if (reply.status() != 405 && Descriptor.isSha256(digest)) {
        return digest;
      }
    }
    // A registry that does not say the digest; so it is computed.
    return "sha256:" + Digests.sha256Hex(manifestBytes(name));
  }

  /** Like {@link #look}, but empty if there is no such name. */
  Optional<String> lookIfPresent(String name) {
    try {
      return Optional.of(look(name, ""));
    } catch (RegistryException e) {
      if (e.kind() == Kind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Reads a manifest by its digest and verifies that it has it.
   *
   * @throws RegistryException of kind INVALID if it has another
   */
  Manifest manifest(String digest) {
    String origin = reference + "@" + digest;
    String computed = "";
    // Once more, since what came may have been garbled on its way.
    for (int attempt = 0; attempt < 2; attempt++) {
      byte[] bytes = manifestBytes(digest);
      computed = "sha256:" + Digests.sha256Hex(bytes);
      if (computed.equals(digest)) {
        return Manifest.parse(bytes, origin);
      }
    }
    throw new RegistryException(origin + " is corrupt: its digest is " + computed);
  }

  private byte[] manifestBytes(String name) {
    HttpCall call =
        HttpCall.get(reference.uri("manifests/" + name)).withHeader("Accept", Manifest.ACCEPT);
    try (HttpReply reply = send(call)) {
      return reply.bytes(MAX_MANIFEST_BYTES);
    }
  }

  /** Begins to read a blob; the caller verifies it. */
  Transfer openBlob(String digest, long offset) {
    HttpCall call = HttpCall.get(reference.uri("blobs/" + digest));
    try {
      return transport.open(call.withAuthorization(login.authorization(actions)), offset, "");
    } catch (RegistryException e) {
      if (e.kind() != Kind.DENIED) {
        throw e;
      }
      // The token ran out: have it changed by a request that costs nothing, then go on.
      send(HttpCall.head(call.uri())).close();
      return transport.open(call.withAuthorization(login.authorization(actions)), offset, "");
    }
  }

  /** Whether the repository has a blob. */
  boolean hasBlob(String digest) {
    try (HttpReply reply = send(HttpCall.head(reference.uri("blobs/" + digest)).answering(404))) {
      return reply.status() == 200;
    }
  }

  /** Lists all tags; none if the repository does not exist. */
  List<String> tags() {
    List<String> tags = new ArrayList<>();
    URI page = reference.uri("tags/list?n=1000");
    for (int i = 0; i < MAX_TAG_PAGES; i++) {
      HttpReply reply = send(HttpCall.get(page).answering(404));
      if (reply.status() == 404) {
        reply.close();
        return tags;
      }
      Matcher next = NEXT.matcher(reply.header("link"));
      JsonNode answer = JsonReply.read(reply, MAX_TAGS_BYTES);
      for (JsonNode tag : answer.path("tags")) {
        tags.add(tag.asText());
      }
      if (!next.find()) {
        return tags;
      }
      page = page.resolve(next.group(1));
    }
    throw new RegistryException(
        reference + " has more than " + MAX_TAG_PAGES + " pages of tags (expected: less)");
  }

  @Override
  public void close() {
    transport.close();
  }
}
