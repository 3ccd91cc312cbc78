package dev.skeg.registry.bucket;

import dev.skeg.registry.Transfer;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.published.PublishedTree.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A bucket or container through its store's own client, which must neither retry nor follow a proxy
 * of the environment. Keys are whole.
 *
 * <p>What the client throws is left to {@link #explain}, but for the {@link
 * dev.skeg.registry.RegistryException}s of suppliers of credentials that it was given.
 * <b>Threads.</b> Any, several at once.
 */
public interface Bucket extends AutoCloseable {
  /** What an exception of the client means. */
  sealed interface Trouble {
    /**
     * The store answered with a status that is no success.
     *
     * @param code the store's word for it; may be empty
     * @param retryAfter value of that header; may be empty
     * @param isNoSuchObject whether it says that the object, not the bucket, does not exist
     */
    record Answered(int status, String code, String retryAfter, boolean isNoSuchObject)
        implements Trouble {}

    /** Nobody knows what became of the request. */
    record Broken(IOException cause) implements Trouble {
      /** Finds the cause in an exception that a client has wrapped around it. */
      public static Broken in(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
          if (cause instanceof IOException broken) {
            return new Broken(broken);
          }
        }
        return new Broken(new IOException(e.getMessage(), e));
      }
    }
  }

  /**
   * An object on its way.
   *
   * @param etag its validator; or what pins exactly this state, if the store has such a thing
   */
  record Got(Transfer transfer, String etag) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      transfer.close();
    }
  }

  /**
   * A part of a listing.
   *
   * @param directories keys up to the first slash after the prefix, with that slash; empty if the
   *     listing is deep
   * @param next where the next part begins; empty if this is the last
   */
  record Page(List<Entry> objects, List<String> directories, String next) {
    public Page {
      objects = List.copyOf(objects);
      directories = List.copyOf(directories);
    }
  }

  /** Returns what people call it, as {@code s3://models}. */
  String name();

  /**
   * Begins to read an object.
   *
   * @param etag the validator it must have; empty for any. The store answers 412 if it has another,
   *     or else hands out the state that was pinned
   */
  Got get(String key, long offset, String etag) throws IOException;

  /**
   * Begins to read an object that changed.
   *
   * @param etag the validator it must not have; empty for none. The store answers 304 if it has it
   */
  Got getUnless(String key, String etag) throws IOException;

  /**
   * Lists.
   *
   * @param deep all objects; else only what has no further slash, and directories
   * @param from what the last page calls the next; empty for the first
   */
  Page list(String prefix, boolean deep, String from) throws IOException;

  /** Writes a small object; the store answers 409 or 412 if the condition does not hold. */
  void put(String key, byte[] content, Condition condition) throws IOException;

  /**
   * Writes a file's content.
   *
   * @param call names the whole in messages
   * @param requests sends what it consists of
   * @param done is told how many bytes have arrived
   */
  void upload(String key, Path file, String call, Requests requests, LongConsumer done)
      throws IOException;

  /** Deletes an object. */
  void delete(String key) throws IOException;

  /** Says what an exception of the client means; empty if it is none of the client's. */
  Optional<Trouble> explain(Exception e);

  /** Whether {@link Entry#etag()} pins a state that stays, even if the object is replaced. */
  default boolean pinsVersions() {
    return false;
  }

  @Override
  void close();
}
