package dev.skeg.registry.store;

import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A source whose files a test writes down. */
final class MemorySource implements Source {
  final AtomicInteger opened = new AtomicInteger();
  private final SourceUri uri = SourceUri.parse("memory:m");
  private final List<RemoteFile> files = new ArrayList<>();
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();

  MemorySource plain(String path, byte[] content) {
    return add(path, content, Packing.PLAIN);
  }

  /** Adds a file whose digest the source does not tell. */
  MemorySource unnamed(String path, byte[] content) {
    MemorySource _ = plain(path, content);
    RemoteFile file = files.removeLast();
    files.add(new RemoteFile(path, content.length, "", Packing.PLAIN, file.key()));
    return this;
  }

  MemorySource add(String path, byte[] content, Packing packing) {
    String key = "k" + files.size();
    contents.put(key, content);
    files.add(new RemoteFile(path, content.length, Digests.sha256Hex(content), packing, key));
    return this;
  }

  Revision revision() {
    StringBuilder text = new StringBuilder("r");
    files.forEach(file -> text.append('-').append(Digests.sha256Hex(content(file)), 0, 8));
    return new Revision(text.toString(), files.size(), "", Map.of());
  }

  private byte[] content(RemoteFile file) {
    return contents.getOrDefault(file.key(), new byte[0]);
  }

  @Override
  public SourceUri uri() {
    return uri;
  }

  @Override
  public Revision resolve(Pointer pointer, @Nullable Revision known) {
    return revision();
  }

  @Override
  public List<RemoteFile> files(Revision revision) {
    return List.copyOf(files);
  }

  @Override
  public Transfer open(Revision revision, RemoteFile file, long offset) {
    opened.incrementAndGet();
    byte[] content = content(file);
    byte[] rest = Arrays.copyOfRange(content, (int) offset, content.length);
    return new Transfer(new ByteArrayInputStream(rest), offset, content.length);
  }

  @Override
  public void close() {}
}
