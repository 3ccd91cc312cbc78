package dev.skeg.registry.published;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.PublishedLayout.Manifest;
import dev.skeg.registry.PublishedLayout.Target;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SafePath;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The versions of a {@link PublishedTree}.
 *
 * <p>A revision is {@code 8@sha256:…}, the version's number and the digest of its manifest; or, for
 * a version without one, {@code 8@listing:…}, a digest of names, sizes and validators, which is
 * given only when two looks {@link #QUIET} apart saw the same and nothing says that it is being
 * written. Each file of such a version is read under the validator that the listing saw, so that a
 * change in between is noticed.
 *
 * <p><b>Threads.</b> Any, several at once; it keeps nothing.
 */
public final class PublishedSource implements Source {
  /** How long a version without a manifest must stand unchanged. */
  public static final Duration QUIET = Duration.ofMillis(250);

  private static final Pattern REVISION =
      Pattern.compile("([1-9][0-9]{0,17})@(sha256|listing):([0-9a-f]{64})");

  private final SourceUri uri;
  private final PublishedTree tree;
  private final Consumer<Duration> pause;

  public PublishedSource(SourceUri uri, PublishedTree tree) {
    this(uri, tree, PublishedSource::sleep);
  }

  /**
   * A source that waits as it is told to.
   *
   * @param pause waits between the two looks at a version without a manifest
   */
  public PublishedSource(SourceUri uri, PublishedTree tree, Consumer<Duration> pause) {
    this.uri = uri;
    this.tree = tree;
    this.pause = pause;
  }

  @Override
  public SourceUri uri() {
    return uri;
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    return switch (pointer.kind()) {
      case LATEST -> latest(known);
      case VERSION ->
          version(pointer.number(), known)
              .orElseThrow(() -> absent(pointer, "a version directory that is complete"));
      case TAG, ALIAS, BRANCH ->
          pointed(pointer, known)
              .orElseThrow(() -> absent(pointer, "a file " + PublishedLayout.pointerPath(pointer)));
      case REVISION -> pinned(pointer, known);
      case DIGEST -> byDigest(pointer, known);
    };
  }

  private Revision latest(@Nullable Revision known) {
    if (tree.hasLatestPointer()) {
      Optional<Revision> pointed = pointed(Pointer.LATEST, known);
      if (pointed.isPresent()) {
        return pointed.get();
      }
    }
    if (!tree.canList()) {
      throw absent(Pointer.LATEST, "a file " + PublishedLayout.pointerPath(Pointer.LATEST));
    }
    for (long number : numbers()) {
      Optional<Revision> revision = version(number, known);
      if (revision.isPresent()) {
        return revision.get();
      }
    }
    throw absent(Pointer.LATEST, "a version directory that is complete, as " + uri + "/1");
  }

  /** Returns the version numbers, highest first. */
  private List<Long> numbers() {
    return tree.directories().stream()
        .map(PublishedLayout::versionNumber)
        .filter(number -> number > 0)
        .sorted(Comparator.reverseOrder())
        .toList();
  }

  private Optional<Revision> pointed(Pointer pointer, @Nullable Revision known) {
    String path = PublishedLayout.pointerPath(pointer);
    return switch (tree.read(path, PublishedLayout.MAX_POINTER_BYTES, etag(known))) {
      case PublishedTree.Look.Absent absent -> Optional.empty();
      case PublishedTree.Look.Unchanged unchanged -> Optional.of(requireKnown(known));
      case PublishedTree.Look.Found(byte[] bytes, String etag) -> {
        Target target = PublishedLayout.parsePointer(bytes, uri + "/" + path);
        yield Optional.of(revision(target.toString(), target.number(), etag, known));
      }
    };
  }

  /** Returns a version that is complete; empty if it is absent or still being written. */
  private Optional<Revision> version(long number, @Nullable Revision known) {
    String knownEtag = known != null && known.number() == number ? known.etag() : "";
    String path = PublishedLayout.manifestPath(number);
    return switch (tree.read(path, PublishedLayout.MAX_MANIFEST_BYTES, knownEtag)) {
      case PublishedTree.Look.Unchanged unchanged -> Optional.of(requireKnown(known));
      case PublishedTree.Look.Found(byte[] bytes, String etag) -> {
        Target target = new Target(number, Digests.sha256Hex(bytes));
        yield Optional.of(revision(target.toString(), number, etag, known));
      }
      case PublishedTree.Look.Absent absent -> quiet(number, known);
    };
  }

  private Optional<Revision> quiet(long number, @Nullable Revision known) {
    Optional<String> first = tree.canList() ? listing(number) : Optional.empty();
    if (first.isEmpty()) {
      return Optional.empty();
    }
    if (known != null && known.revision().equals(first.get())) {
      return Optional.of(known);
    }
    pause.accept(QUIET);
    // Hidden meanwhile by a manifest, or no longer the same: the next look will tell.
    return listing(number).equals(first)
        ? Optional.of(revision(first.get(), number, "", known))
        : Optional.empty();
  }

  /** Returns the revision that a listing amounts to; empty if the version is being written. */
  private Optional<String> listing(long number) {
    List<PublishedTree.Entry> entries = tree.list(Long.toString(number));
    String marker = number + "/" + PublishedLayout.INCOMPLETE;
    if (entries.stream().anyMatch(entry -> entry.key().equals(marker))) {
      return Optional.empty();
    }
    List<PublishedTree.Entry> files = content(number, entries);
    if (files.isEmpty()) {
      return Optional.empty();
    }
    StringBuilder text = new StringBuilder();
    for (PublishedTree.Entry file : files) {
      text.append(file.key()).append('\n').append(file.sizeBytes()).append('\n');
      text.append(file.etag()).append('\n');
    }
    String digest = Digests.sha256Hex(text.toString().getBytes(StandardCharsets.UTF_8));
    return Optional.of(number + "@listing:" + digest);
  }

  private static List<PublishedTree.Entry> content(long number, List<PublishedTree.Entry> entries) {
    int prefix = Long.toString(number).length() + 1;
    List<PublishedTree.Entry> files = new ArrayList<>();
    for (PublishedTree.Entry entry : entries) {
      String path = entry.key().substring(prefix);
      boolean wanted = PublishedLayout.isContent(path) || path.equals(PublishedLayout.SIGNATURE);
      // An object store's "directory" is an empty object whose name ends with a slash.
      if (wanted && !path.endsWith("/")) {
        files.add(entry);
      }
    }
    files.sort(Comparator.comparing(PublishedTree.Entry::key));
    return files;
  }

  private Revision pinned(Pointer pointer, @Nullable Revision known) {
    if (known != null && known.revision().equals(pointer.name())) {
      return known;
    }
    Matcher matcher = matcher(pointer.name());
    long number = Long.parseLong(matcher.group(1));
    Revision revision =
        version(number, null).orElseThrow(() -> absent(pointer, "a version that is still there"));
    if (!revision.revision().equals(pointer.name())) {
      throw absent(pointer, "a version that was not replaced; now it is " + revision.revision());
    }
    return revision;
  }

  private Revision byDigest(Pointer pointer, @Nullable Revision known) {
    if (known != null && known.revision().endsWith("@" + pointer.name())) {
      return known;
    }
    if (!tree.canList()) {
      throw absent(
          pointer, "revision/NUMBER@" + pointer.name() + ", since this source cannot list");
    }
    for (long number : numbers()) {
      String path = PublishedLayout.manifestPath(number);
      if (tree.read(path, PublishedLayout.MAX_MANIFEST_BYTES, "")
              instanceof PublishedTree.Look.Found(byte[] bytes, String etag)
          && pointer.name().equals("sha256:" + Digests.sha256Hex(bytes))) {
        return revision(number + "@" + pointer.name(), number, etag, known);
      }
    }
    throw absent(pointer, "the digest of a version's " + PublishedLayout.MANIFEST);
  }

  private static Revision revision(
      String text, long number, String etag, @Nullable Revision known) {
    if (known != null && known.revision().equals(text) && known.etag().equals(etag)) {
      return known;
    }
    return new Revision(text, number, etag, Map.of());
  }

  private static String etag(@Nullable Revision known) {
    return known == null ? "" : known.etag();
  }

  private Revision requireKnown(@Nullable Revision known) {
    if (known == null) {
      throw new RegistryException(
          Kind.TRANSIENT, uri + " answered 'not modified' to a first look (expected: the content)");
    }
    return known;
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    Matcher matcher = matcher(revision.revision());
    long number = Long.parseLong(matcher.group(1));
    return matcher.group(2).equals("sha256")
        ? manifestFiles(revision, number, matcher.group(3))
        : listedFiles(revision, number);
  }

  private List<RemoteFile> manifestFiles(Revision revision, long number, String sha256) {
    String path = PublishedLayout.manifestPath(number);
    if (!(tree.read(path, PublishedLayout.MAX_MANIFEST_BYTES, "")
            instanceof PublishedTree.Look.Found(byte[] bytes, String etag))
        || !Digests.sha256Hex(bytes).equals(sha256)) {
      // The store may not show the newest manifest yet, or it was published again by force.
      throw new RegistryException(
          Kind.TRANSIENT,
          uri
              + "/"
              + path
              + " is not the one of "
              + revision.revision()
              + " (expected: its digest)");
    }
    Manifest manifest = PublishedLayout.parseManifest(bytes, uri + "/" + path);
    Map<String, String> pins = tree.pinsVersions() ? pins(number) : Map.of();
    List<RemoteFile> files = new ArrayList<>();
    for (ArtifactFile file : manifest.files()) {
      String key = number + "/" + file.path();
      String pinned = key + "\n" + pins.getOrDefault(key, "");
      files.add(
          new RemoteFile(file.path(), file.sizeBytes(), file.sha256(), Packing.PLAIN, pinned));
    }
    return files;
  }

  private Map<String, String> pins(long number) {
    Map<String, String> pins = new HashMap<>();
    for (PublishedTree.Entry entry : tree.list(Long.toString(number))) {
      pins.put(entry.key(), entry.etag());
    }
    return pins;
  }

  private List<RemoteFile> listedFiles(Revision revision, long number) {
    if (!listing(number).equals(Optional.of(revision.revision()))) {
      throw changed(revision);
    }
    List<RemoteFile> files = new ArrayList<>();
    for (PublishedTree.Entry entry : content(number, tree.list(Long.toString(number)))) {
      String path = SafePath.require(entry.key().substring(Long.toString(number).length() + 1));
      String key = entry.key() + "\n" + entry.etag();
      files.add(new RemoteFile(path, entry.sizeBytes(), "", Packing.PLAIN, key));
    }
    return files;
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    int end = file.key().indexOf('\n');
    try {
      return tree.open(file.key().substring(0, end), file.key().substring(end + 1), offset);
    } catch (RegistryException e) {
      if (e.kind() == Kind.CONFLICT) {
        throw changed(revision);
      }
      throw e;
    }
  }

  private RegistryException changed(Revision revision) {
    return new RegistryException(
        Kind.TRANSIENT,
        uri + " changed since it was " + revision.revision() + " (expected: versions that stay)");
  }

  private Matcher matcher(String revision) {
    Matcher matcher = REVISION.matcher(revision);
    if (!matcher.matches()) {
      throw new RegistryException(
          Kind.NOT_FOUND, uri + " has no revision " + revision + " (expected: as 8@sha256:…)");
    }
    return matcher;
  }

  private RegistryException absent(Pointer pointer, String expected) {
    return new RegistryException(
        Kind.NOT_FOUND, uri + " has no " + pointer + " (expected: " + expected + ")");
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(Kind.TRANSIENT, "interrupted", e);
    }
  }

  @Override
  public void close() {
    tree.close();
  }
}
