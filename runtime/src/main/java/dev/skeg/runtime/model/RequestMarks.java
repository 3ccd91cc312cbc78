package dev.skeg.runtime.model;

import java.util.List;

/**
 * What a client says of a request for those who look at it later.
 *
 * @param eventMillis when what it is about happened, in milliseconds since the epoch; -1 if the
 *     client does not say
 * @param parameters the client's own parameters that are texts: key, value, key, value
 */
public record RequestMarks(long eventMillis, List<String> parameters) {
  /** The client says nothing. */
  public static final RequestMarks NONE = new RequestMarks(-1, List.of());

  /** The parameter that holds {@link #eventMillis}. */
  public static final String EVENT_TIME = "event_time";

  /** Parameters that are kept, at most. */
  public static final int MAX_PARAMETERS = 16;

  public RequestMarks {
    parameters = List.copyOf(parameters);
  }

  /** Returns those marks; {@link #NONE} itself if there are none. */
  public static RequestMarks of(long eventMillis, List<String> parameters) {
    return eventMillis < 0 && parameters.isEmpty()
        ? NONE
        : new RequestMarks(eventMillis, parameters);
  }
}
