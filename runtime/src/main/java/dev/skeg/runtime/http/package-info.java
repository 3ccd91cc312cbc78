/**
 * REST: bytes to requests and results to bytes, by the Open Inference Protocol v2 as Triton speaks
 * it.
 *
 * <p>Start at {@link dev.skeg.runtime.http.HttpServer}, then read {@code Exchange} (one request and
 * its answer), {@code Http1Connection} and {@code Http2Connection} (framing, order and time),
 * {@code RestApi} (what each path answers), {@code InferRequestDecoder} and {@code
 * InferResponseEncoder} (tensors).
 *
 * <p><b>Threads.</b> A connection belongs to one event loop {@code http-*}. Only reading or writing
 * a large JSON document, and compression of a large body, leave it, for a virtual thread. <b>May
 * use:</b> {@code endpoint}, {@code model}.
 */
@NullMarked
package dev.skeg.runtime.http;

import org.jspecify.annotations.NullMarked;
