package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Text;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What each path answers: a body goes in, a {@link Reply} comes out. {@link InferApi} answers those
 * that infer.
 *
 * <p><b>Threads.</b> Any; it has no state.
 */
final class RestApi {
  private static final Logger LOG = LoggerFactory.getLogger(RestApi.class);

  /** More JSON than this is read and written on a thread of its own: it takes milliseconds. */
  static final int LARGE_JSON_BYTES = 256 << 10;

  private final HttpConfig config;
  private final ServerIdentity identity;
  private final Endpoints endpoints;
  private final ModelRepository repository;
  private final ServerState state;
  private final Executor large;
  private final JsonFactory json;
  private final InferApi inference;

  /**
   * @param large runs what would hold up an event loop
   */
  RestApi(
      HttpConfig config,
      ServerIdentity identity,
      Endpoints endpoints,
      ModelRepository repository,
      ServerState state,
      Executor large) {
    this.config = config;
    this.identity = identity;
    this.endpoints = endpoints;
    this.repository = repository;
    this.state = state;
    this.large = large;
    this.json =
        Json.factory(
            config.maxJsonDepth(), Math.max(config.maxBodyBytes(), config.maxDecompressedBytes()));
    this.inference = new InferApi(config, endpoints, json, large);
  }

  /**
   * Answers a request.
   *
   * @param done given the answer, once, on any thread
   */
  void answer(Incoming incoming, Consumer<Reply> done) {
    int bytes = incoming.body().readableBytes();
    boolean isLarge =
        incoming.coding() == ContentCoding.IDENTITY
            ? bytes > LARGE_JSON_BYTES && jsonBytes(incoming.headers()) > LARGE_JSON_BYTES
            : bytes > LARGE_JSON_BYTES / 16;
    if (isLarge || incoming.route() instanceof Route.ModelControl) {
      try {
        large.execute(() -> answerNow(incoming, done));
      } catch (RuntimeException | Error noThread) {
        incoming.body().release();
        done.accept(noThread(noThread));
      }
    } else {
      answerNow(incoming, done);
    }
  }

  /** Returns the length of the document as the header says it, unchecked; all if it is absent. */
  private static long jsonBytes(HttpHeaders headers) {
    String value = headers.get(InferResponseEncoder.HEADER_LENGTH);
    try {
      return value == null ? Long.MAX_VALUE : Long.parseLong(value.strip());
    } catch (NumberFormatException refusedLater) {
      return 0;
    }
  }

  private void answerNow(Incoming incoming, Consumer<Reply> done) {
    try {
      ByteBuf plain =
          incoming.coding() == ContentCoding.IDENTITY
              ? incoming.body()
              : incoming
                  .coding()
                  .decompress(incoming.allocator(), incoming.body(), config.maxDecompressedBytes());
      if (incoming.route() instanceof Route.Infer infer) {
        inference.answer(infer, incoming, plain, done);
      } else {
        done.accept(answerSmall(incoming.route(), plain));
      }
    } catch (HttpError error) {
      done.accept(Reply.error(error));
    } catch (RuntimeException | Error unexpected) {
      done.accept(internalError(unexpected));
    }
  }

  /** Returns the answer where the server has a fault, which is logged. */
  static Reply internalError(Throwable unexpected) {
    LOG.error("a request failed by a fault of the server", unexpected);
    return Reply.error(
        HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal error; the server's log has the cause");
  }

  /** Returns the answer where what takes long finds no thread to run on, which is logged. */
  static Reply noThread(Throwable cause) {
    LOG.error("no thread can be had for a request that takes long", cause);
    return Reply.error(
        HttpResponseStatus.SERVICE_UNAVAILABLE,
        "the server has no thread for a request that takes long; send it again later");
  }

  private Reply answerSmall(Route route, ByteBuf body) {
    try {
      return switch (route) {
        case Route.Live() -> live();
        case Route.Ready() -> ready();
        case Route.ServerMetadata() ->
            ok(json ->
                JsonDocuments.server(
                    json, identity.name(), identity.version(), identity.extensions()));
        case Route.ModelMetadata(String model, String version) ->
            ok(json -> JsonDocuments.model(json, endpoints.describe(model, version)));
        case Route.ModelConfig(String model, String version) ->
            ok(json -> JsonDocuments.message(json, endpoints.describe(model, version).config()));
        case Route.ModelReady(String model, String version) -> modelReady(model, version);
        case Route.RepositoryIndex(String repository) -> index(repository, body);
        case Route.ModelControl(String model, boolean load) -> control(model, load, body);
        case Route.Unsupported(String feature) ->
            Reply.error(
                HttpResponseStatus.NOT_IMPLEMENTED,
                feature + " is not supported by this server yet");
        case Route.Infer _ -> throw new IllegalStateException("infer has a way of its own");
      };
    } catch (ServingException refused) {
      return Reply.error(HttpError.statusOf(refused.code()), detail(refused));
    } finally {
      body.release();
    }
  }

  private Reply live() {
    return state.isLive()
        ? ok(json -> {
          json.writeStartObject();
          json.writeBooleanField("live", true);
          json.writeEndObject();
        })
        : Reply.error(HttpResponseStatus.SERVICE_UNAVAILABLE, "the server is stopping");
  }

  private Reply ready() {
    return switch (state.phase()) {
      case READY ->
          ok(json -> {
            json.writeStartObject();
            json.writeBooleanField("ready", true);
            json.writeEndObject();
          });
      case STARTING ->
          Reply.error(
              HttpResponseStatus.BAD_REQUEST, "the server is not ready: models are being loaded");
      case DRAINING ->
          Reply.error(
              HttpResponseStatus.BAD_REQUEST, "the server is not ready: it is about to stop");
      case STOPPING ->
          Reply.error(HttpResponseStatus.SERVICE_UNAVAILABLE, "the server is stopping");
    };
  }

  private Reply modelReady(String model, String version) {
    if (endpoints.isReady(model, version)) {
      return ok(json -> {
        json.writeStartObject();
        json.writeStringField("name", model);
        json.writeBooleanField("ready", true);
        json.writeEndObject();
      });
    }
    String why;
    try {
      endpoints.describe(model, version);
      why = "Request for model '" + model + "' is not at ready state";
    } catch (ServingException reason) {
      why = detail(reason);
    }
    return Reply.error(HttpResponseStatus.BAD_REQUEST, why);
  }

  private Reply index(String repository, ByteBuf body) {
    boolean readyOnly = body.isReadable() && readReady(body);
    if (!repository.isEmpty()) {
      return Reply.error(
          HttpResponseStatus.NOT_IMPLEMENTED,
          "repository '"
              + Text.excerpt(repository)
              + "': asking for one repository is not supported (expected: /v2/repository/index)");
    }
    return ok(json -> JsonDocuments.index(json, endpoints.index(readyOnly)));
  }

  private Reply control(String model, boolean load, ByteBuf body) {
    String parameters = body.isReadable() ? readParameters(body) : "";
    if (load) {
      if (!parameters.isEmpty()) {
        return Reply.error(
            HttpResponseStatus.NOT_IMPLEMENTED,
            "parameters: "
                + Text.excerpt(parameters)
                + " (expected: none, as a model is loaded as it lies in its repository)");
      }
      repository.load(model);
    } else {
      // unload_dependents is for ensembles, of which there are none: unloading them is done.
      repository.unload(model);
    }
    return Reply.json(HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER);
  }

  /** Returns the names of the parameters, joined by commas. */
  private String readParameters(ByteBuf body) {
    List<String> names = new ArrayList<>();
    readObject(
        body,
        (key, parser) -> {
          if (key.equals("parameters") && parser.currentToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
              names.add(parser.currentName());
              parser.nextToken();
              parser.skipChildren();
            }
          } else {
            parser.skipChildren();
          }
        });
    return String.join(", ", names);
  }

  private boolean readReady(ByteBuf body) {
    AtomicBoolean ready = new AtomicBoolean();
    readObject(
        body,
        (key, parser) -> {
          if (!key.equals("ready")) {
            parser.skipChildren();
            return;
          }
          if (!parser.currentToken().isBoolean()) {
            throw HttpError.badRequest(
                "ready: " + Json.describe(parser) + " (expected: true or false)");
          }
          ready.set(parser.currentToken() == JsonToken.VALUE_TRUE);
        });
    return ready.get();
  }

  /** Takes what a key has, whose first token the parser is at. */
  @FunctionalInterface
  private interface Member {
    void read(String key, JsonParser parser) throws IOException;
  }

  private void readObject(ByteBuf body, Member member) {
    try (JsonParser parser =
        json.createParser((InputStream) new ByteBufInputStream(body.slice()))) {
      try {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
          throw HttpError.badRequest(
              "the request: "
                  + Json.describe(parser)
                  + " (expected: nothing, or an object as {\"ready\": true})");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String key = parser.currentName();
          parser.nextToken();
          member.read(key, parser);
        }
      } catch (IOException failure) {
        throw Json.malformed(failure, parser, config.maxJsonDepth(), "");
      }
    } catch (IOException failure) {
      throw HttpError.badRequest("failed to parse the request JSON buffer: not UTF-8");
    }
  }

  private static Reply ok(JsonDocuments.Writer writer) {
    return Reply.json(HttpResponseStatus.OK, Unpooled.wrappedBuffer(JsonDocuments.bytes(writer)));
  }

  private static String detail(ServingException refused) {
    return String.valueOf(refused.getMessage());
  }

  /**
   * Compresses an answer if the client wants that.
   *
   * @param done given the answer, once, on any thread
   */
  void compress(
      Reply reply, ContentCoding coding, ByteBufAllocator allocator, Consumer<Reply> done) {
    if (coding == ContentCoding.IDENTITY || !reply.compressible()) {
      done.accept(reply);
    } else if (reply.body().readableBytes() > LARGE_JSON_BYTES) {
      try {
        large.execute(() -> done.accept(compressed(reply, coding, allocator)));
      } catch (RuntimeException | Error noThread) {
        LOG.warn("an answer goes out as it is: no thread can be had to compress it", noThread);
        done.accept(reply);
      }
    } else {
      done.accept(compressed(reply, coding, allocator));
    }
  }

  private static Reply compressed(Reply reply, ContentCoding coding, ByteBufAllocator allocator) {
    ByteBuf body;
    try {
      body = coding.compress(allocator, reply.body());
    } catch (RuntimeException | Error unexpected) {
      return internalError(unexpected);
    } finally {
      reply.discard();
    }
    reply.headers().set(HttpHeaderNames.CONTENT_ENCODING, coding.wireName());
    return new Reply(reply.status(), reply.headers(), body, () -> {}, false);
  }
}
