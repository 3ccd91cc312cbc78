package dev.skeg.runtime.http;

import org.jspecify.annotations.Nullable;

/**
 * Finds routes, and keeps the last one: a connection mostly asks for the same thing again and
 * again. <b>Threads.</b> The connection's event loop.
 */
final class RecentRoute {
  private String target = "";
  private @Nullable Route route;

  /**
   * Returns the route of {@code wanted}.
   *
   * @throws HttpError if there is none
   */
  Route of(String wanted) {
    Route known = route;
    if (known != null && wanted.equals(target)) {
      return known;
    }
    Route found = Route.of(wanted);
    route = found;
    target = wanted;
    return found;
  }
}
