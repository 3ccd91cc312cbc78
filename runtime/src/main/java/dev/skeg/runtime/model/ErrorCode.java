package dev.skeg.runtime.model;

/** Why a request was not answered; the transports map each to one status of theirs. */
public enum ErrorCode {
  /** The request is malformed or does not fit the model: HTTP 400, INVALID_ARGUMENT. */
  INVALID_ARGUMENT,
  /** A version or resource that does not exist: HTTP 404, NOT_FOUND. */
  NOT_FOUND,
  /** Not now: not ready, overloaded or shutting down: HTTP 503, UNAVAILABLE. */
  UNAVAILABLE,
  /** Part of the protocol, but not of this server: HTTP 501, UNIMPLEMENTED. */
  UNSUPPORTED,
  /** HTTP 400, ALREADY_EXISTS. */
  ALREADY_EXISTS,
  /** The client went away: HTTP 400, CANCELLED. */
  CANCELLED,
  /** The server's own fault: HTTP 500, INTERNAL. */
  INTERNAL
}
