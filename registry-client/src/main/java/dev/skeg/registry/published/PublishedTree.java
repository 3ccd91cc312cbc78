package dev.skeg.registry.published;

import dev.skeg.registry.Progress;
import dev.skeg.registry.Transfer;
import java.nio.file.Path;
import java.util.List;

/**
 * What a store must offer to keep versions in the published layout. Keys are relative to the
 * model's root, with {@code /} between names.
 *
 * <p>Failures are {@link dev.skeg.registry.RegistryException}s. <b>Threads.</b> Any, several at
 * once.
 */
public interface PublishedTree extends AutoCloseable {
  /** What a look at a small object found. */
  sealed interface Look {
    /** There is none. */
    record Absent() implements Look {}

    /** It is as it was. */
    record Unchanged() implements Look {}

    /**
     * It is this.
     *
     * @param etag validator; empty if the store has none
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Found(byte[] bytes, String etag) implements Look {}
  }

  /**
   * One object of a listing.
   *
   * @param etag changes whenever the content does, as well as the store can tell
   */
  record Entry(String key, long sizeBytes, String etag) {}

  /** When a write may go ahead. */
  sealed interface Condition {
    /** Always. */
    record Any() implements Condition {}

    /** If nothing is there. */
    record Absent() implements Condition {}

    /** If what is there has that validator. */
    record Matches(String etag) implements Condition {}
  }

  /**
   * Reads an object whole.
   *
   * @param maxBytes a larger one is an INVALID failure
   * @param knownEtag validator of the last look; empty for none
   */
  Look read(String key, int maxBytes, String knownEtag);

  /** Whether {@link #directories} and {@link #list} work. */
  boolean canList();

  /**
   * Whether the newest version is what {@code _pointers/latest} says, when there is such a file.
   */
  boolean hasLatestPointer();

  /**
   * Whether a validator of {@link #list} keeps what it stands for readable by {@link #open}, even
   * when the object is replaced or deleted afterwards.
   */
  default boolean pinsVersions() {
    return false;
  }

  /** Returns the names of the directories in the root, without slashes. */
  List<String> directories();

  /** Returns all objects whose key begins with a directory's name and a slash, ordered by key. */
  List<Entry> list(String directory);

  /**
   * Begins to read an object.
   *
   * @param etag the validator it must still have; empty for any
   */
  Transfer open(String key, String etag, long offset);

  /**
   * Writes a small object at once; a reader sees the old or the new one.
   *
   * @throws dev.skeg.registry.RegistryException of kind CONFLICT if the condition does not hold
   */
  void write(String key, byte[] content, Condition condition);

  /** Writes a file's content, whatever is there. */
  void upload(String key, Path file, Progress progress);

  /** Deletes an object; nothing happens if there is none. */
  void delete(String key);

  @Override
  void close();
}
