package dev.skeg.registry.published;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.registry.PublishedLayout.Target;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceUri;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves the pointers of a {@link PublishedTree}, each under the condition that it still is what was
 * read. <b>Threads.</b> Any.
 */
public final class Pointers {
  private static final int ATTEMPTS = 10;

  private final SourceUri uri;
  private final PublishedTree tree;

  public Pointers(SourceUri uri, PublishedTree tree) {
    this.uri = uri;
    this.tree = tree;
  }

  /**
   * Refuses pointers that cannot be moved.
   *
   * @throws IllegalArgumentException naming the first such pointer
   */
  public static void requireMovable(PublishRequest request) {
    for (Pointer pointer : request.pointers()) {
      boolean movable =
          switch (pointer.kind()) {
            case LATEST, TAG, ALIAS, BRANCH -> true;
            case VERSION, REVISION, DIGEST -> false;
          };
      if (!movable) {
        throw new IllegalArgumentException(
            "pointer: " + pointer + " (expected: tag/NAME, alias/NAME or branch/NAME)");
      }
    }
  }

  /**
   * Moves pointers to a version, and {@code latest} unless it means a higher one.
   *
   * @return those that mean it now
   * @throws RegistryException of kind CONFLICT if somebody else moved one in between
   */
  public List<Pointer> move(List<Pointer> pointers, Target target) {
    List<Pointer> moved = new ArrayList<>();
    for (Pointer pointer : pointers) {
      if (pointer.kind() != Pointer.Kind.LATEST) {
        tree.write(
            PublishedLayout.pointerPath(pointer),
            PublishedLayout.pointerBytes(target),
            condition(look(pointer)));
        moved.add(pointer);
      }
    }
    if (moveLatest(target)) {
      moved.add(Pointer.LATEST);
    }
    return moved;
  }

  private boolean moveLatest(Target target) {
    for (int attempt = 1; ; attempt++) {
      PublishedTree.Look look = look(Pointer.LATEST);
      if (look instanceof PublishedTree.Look.Found(byte[] bytes, String etag)
          && numberOf(bytes) > target.number()) {
        return false;
      }
      try {
        tree.write(
            PublishedLayout.pointerPath(Pointer.LATEST),
            PublishedLayout.pointerBytes(target),
            condition(look));
        return true;
      } catch (RegistryException e) {
        // Somebody published beside us; the higher number wins, so look again.
        if (e.kind() != Kind.CONFLICT || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** Returns the number that {@code latest} means; 0 if there is no such pointer. */
  long latestNumber() {
    return look(Pointer.LATEST) instanceof PublishedTree.Look.Found(byte[] bytes, String etag)
        ? numberOf(bytes)
        : 0;
  }

  private long numberOf(byte[] bytes) {
    String path = PublishedLayout.pointerPath(Pointer.LATEST);
    return PublishedLayout.parsePointer(bytes, uri + "/" + path).number();
  }

  private PublishedTree.Look look(Pointer pointer) {
    return tree.read(PublishedLayout.pointerPath(pointer), PublishedLayout.MAX_POINTER_BYTES, "");
  }

  private static PublishedTree.Condition condition(PublishedTree.Look look) {
    return switch (look) {
      case PublishedTree.Look.Absent absent -> new PublishedTree.Condition.Absent();
      case PublishedTree.Look.Unchanged unchanged -> new PublishedTree.Condition.Any();
      case PublishedTree.Look.Found(byte[] bytes, String etag) ->
          etag.isEmpty()
              ? new PublishedTree.Condition.Any()
              : new PublishedTree.Condition.Matches(etag);
    };
  }
}
