package dev.skeg.registry.bucket;

import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.transport.Attempts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What lies in a {@link Bucket} below a prefix. <b>Threads.</b> Immutable; any. */
public final class BucketTree implements PublishedTree {
  private static final int MAX_DIRECTORIES = 100_000;

  private final String prefix;
  private final Bucket bucket;
  private final Requests requests;
  private final int maxFiles;

  /**
   * A tree at a path.
   *
   * @param path without a slash at its ends; empty for the whole bucket
   * @param bucket closed with the tree
   */
  public BucketTree(String path, SourceSettings settings, Bucket bucket) {
    this.prefix = path.isEmpty() ? "" : path + "/";
    this.bucket = bucket;
    this.requests = new Requests(new Attempts(settings.network().retries()), bucket::explain);
    this.maxFiles = settings.caps().maxFiles();
  }

  @Override
  public boolean canList() {
    return true;
  }

  @Override
  public boolean hasLatestPointer() {
    return true;
  }

  @Override
  public boolean pinsVersions() {
    return bucket.pinsVersions();
  }

  @Override
  public Look read(String key, int maxBytes, String knownEtag) {
    return requests.send(
        call("GET", key),
        true,
        () -> {
          try (Bucket.Got got = bucket.getUnless(prefix + key, knownEtag)) {
            return new Look.Found(whole(key, got.transfer(), maxBytes), got.etag());
          }
        },
        answered -> {
          if (answered.status() == 304) {
            return Optional.of(new Look.Unchanged());
          }
          return answered.isNoSuchObject() ? Optional.of(new Look.Absent()) : Optional.empty();
        });
  }

  private byte[] whole(String key, Transfer transfer, int maxBytes) throws IOException {
    byte[] bytes = transfer.in().readNBytes(maxBytes + 1);
    if (bytes.length > maxBytes) {
      throw new RegistryException(
          bucket.name()
              + "/"
              + prefix
              + key
              + " has more than "
              + maxBytes
              + " bytes (expected: less)");
    }
    if (transfer.totalBytes() >= 0 && bytes.length < transfer.totalBytes()) {
      throw new IOException("ended after " + bytes.length + " of " + transfer.totalBytes());
    }
    return bytes;
  }

  @Override
  public List<String> directories() {
    List<String> names = new ArrayList<>();
    pages(
        "",
        false,
        page -> {
          for (String directory : page.directories()) {
            names.add(directory.substring(prefix.length(), directory.length() - 1));
          }
          if (names.size() > MAX_DIRECTORIES) {
            throw new RegistryException(
                bucket.name()
                    + "/"
                    + prefix
                    + " has more than "
                    + MAX_DIRECTORIES
                    + " directories (expected: one model)");
          }
        });
    return names;
  }

  @Override
  public List<Entry> list(String directory) {
    List<Entry> entries = new ArrayList<>();
    pages(
        directory + "/",
        true,
        page -> {
          for (Entry entry : page.objects()) {
            entries.add(
                new Entry(entry.key().substring(prefix.length()), entry.sizeBytes(), entry.etag()));
          }
          if (entries.size() > maxFiles) {
            throw new RegistryException(
                bucket.name()
                    + "/"
                    + prefix
                    + directory
                    + " has more than "
                    + maxFiles
                    + " files (expected: one version)");
          }
        });
    entries.sort(Comparator.comparing(Entry::key));
    return entries;
  }

  private void pages(String directory, boolean deep, Consumer<Bucket.Page> each) {
    String from = "";
    do {
      String start = from;
      Bucket.Page page =
          requests.send(
              call("LIST", directory), true, () -> bucket.list(prefix + directory, deep, start));
      each.accept(page);
      if (!page.next().isEmpty() && page.next().equals(from)) {
        throw new RegistryException(
            Kind.TRANSIENT, call("LIST", directory) + " goes in circles (expected: an end)");
      }
      from = page.next();
    } while (!from.isEmpty());
  }

  @Override
  public Transfer open(String key, String etag, long offset) {
    Optional<Transfer> transfer =
        requests.send(
            call("GET", key),
            true,
            () -> Optional.of(bucket.get(prefix + key, offset, etag).transfer()),
            // Shorter than it was: what is here of it is of no use.
            answered ->
                answered.status() == 416 && offset > 0
                    ? Optional.of(Optional.empty())
                    : Optional.empty());
    return transfer.orElseGet(() -> open(key, etag, 0));
  }

  @Override
  public void write(String key, byte[] content, Condition condition) {
    // An answer lost on the way would make the second attempt fail by its own first.
    boolean repeatable = condition instanceof Condition.Any;
    requests.send(
        call("PUT", key),
        repeatable,
        () -> {
          bucket.put(prefix + key, content, condition);
          return true;
        });
  }

  @Override
  public void upload(String key, Path file, Progress progress) {
    String call = call("PUT", key);
    try {
      long size = Files.size(file);
      bucket.upload(prefix + key, file, call, requests, done -> progress.moved(key, done, size));
      progress.moved(key, size, size);
    } catch (IOException e) {
      throw new RegistryException(Kind.TRANSIENT, file + " cannot be read: " + e, e);
    }
  }

  @Override
  public void delete(String key) {
    requests.send(
        call("DELETE", key),
        true,
        () -> {
          bucket.delete(prefix + key);
          return true;
        },
        answered -> answered.isNoSuchObject() ? Optional.of(false) : Optional.empty());
  }

  private String call(String method, String key) {
    return method + " " + bucket.name() + "/" + prefix + key;
  }

  @Override
  public void close() {
    bucket.close();
  }
}
