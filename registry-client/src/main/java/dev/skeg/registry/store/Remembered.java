package dev.skeg.registry.store;

import dev.skeg.registry.Revision;
import java.util.List;

/**
 * What a store remembers of a pointer, for a start without the network.
 *
 * @param revision what the pointer meant when it was last served
 * @param previous revisions that were kept beside it for going back, the longest out of service
 *     first
 */
public record Remembered(Revision revision, List<Revision> previous) {
  public Remembered {
    previous = List.copyOf(previous);
  }
}
