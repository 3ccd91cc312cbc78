package dev.skeg.registry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the versions of one model come from.
 *
 * <p>All calls block, and throw {@link RegistryException} when the source fails. <b>Threads.</b>
 * Any, several at once.
 */
public interface Source extends AutoCloseable {
  SourceUri uri();

  /**
   * Looks up what a pointer means now.
   *
   * @param known what it meant at the last look
   * @return {@code known} itself, the same object, if nothing changed since
   * @throws RegistryException of kind NOT_FOUND if the pointer does not exist
   */
  Revision resolve(Pointer pointer, @Nullable Revision known);

  /** Lists what a revision consists of. */
  List<RemoteFile> files(Revision revision);

  /**
   * Begins to read a file.
   *
   * @param offset where to go on; a source that cannot answers from 0 and says so in {@link
   *     Transfer#offset()}
   */
  Transfer open(Revision revision, RemoteFile file, long offset);

  @Override
  void close();
}
