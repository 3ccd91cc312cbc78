package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.Text;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the body of an infer request: a JSON document, and behind it the binary data of those
 * inputs that have no {@code data} in it.
 *
 * <p>The document is read once, as a stream: {@link InferInput} says what becomes of its numbers.
 * One that was seen before is not read at all, as {@link RequestHeads} says.
 *
 * <p><b>Threads.</b> One object reads one body, on any thread.
 */
final class InferRequestDecoder {
  private final InferBody body;
  private final InferParameters parameters = new InferParameters();
  private final List<InferInput> inputs = new ArrayList<>();
  private final InferOutputs outputs = new InferOutputs();
  private String id = "";
  private boolean sawInputs;

  private InferRequestDecoder(InferBody body) {
    this.body = body;
  }

  /**
   * Reads a request.
   *
   * @param body decompressed and contiguous; becomes the result's, and is released if this throws
   * @param jsonBytes length of the document at the body's start
   * @param timeoutNanos that the client waits for the answer, from received; 0 for ever
   * @throws HttpError 400 with what came and what was expected
   */
  static InferCall decode(
      JsonFactory json,
      HttpConfig config,
      ByteBufAllocator allocator,
      ByteBuf body,
      int jsonBytes,
      Route.Infer route,
      long timeoutNanos,
      long receivedNanos) {
    RequestHeads heads = RequestHeads.own();
    InferBody whole = new InferBody(json, config, allocator, body);
    boolean done = false;
    try {
      InferCall call =
          heads == null ? null : heads.find(body, jsonBytes, route, timeoutNanos, receivedNanos);
      if (call == null) {
        InferRequestDecoder decoder = new InferRequestDecoder(whole);
        call = decoder.decode(jsonBytes, route, timeoutNanos, receivedNanos);
        if (heads != null) {
          decoder.keep(heads, jsonBytes, route, call);
        }
      }
      done = true;
      return call;
    } finally {
      if (!done) {
        whole.release();
      }
    }
  }

  /** Lets the next request with the same document go without reading it. */
  private void keep(RequestHeads heads, int jsonBytes, Route.Infer route, InferCall call) {
    List<RequestHeads.Input> known = new ArrayList<>(inputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      InferInput input = inputs.get(i);
      if (!input.isBinary()) {
        return;
      }
      Tensor tensor = call.request().inputs().get(i);
      known.add(
          new RequestHeads.Input(
              tensor.name(), tensor.type(), tensor.shape(), (int) input.binaryBytes()));
    }
    heads.keep(body.bytes(), jsonBytes, route, known, call);
  }

  private InferCall decode(
      int jsonBytes, Route.Infer route, long timeoutNanos, long receivedNanos) {
    readDocument(jsonBytes);
    InferenceRequest request =
        new InferenceRequest(
            route.model(),
            route.version(),
            id,
            tensors(jsonBytes, route.model()),
            outputs.names(),
            parameters.terms(timeoutNanos),
            parameters.marks(),
            receivedNanos);
    boolean byDefault = parameters.binaryByDefault();
    return new InferCall(request, outputs.binary(byDefault), byDefault, body.memory());
  }

  private void readDocument(int jsonBytes) {
    if (jsonBytes == 0) {
      throw HttpError.badRequest("the request has no body (expected: a JSON document)");
    }
    try (JsonParser parser = body.parser(0, jsonBytes)) {
      try {
        readRequest(parser);
        body.at("");
        if (parser.nextToken() != null) {
          throw HttpError.badRequest(
              "unexpected "
                  + Json.describe(parser)
                  + " after the JSON document (expected: its end; binary data needs the header"
                  + " Inference-Header-Content-Length)");
        }
      } catch (IOException failure) {
        throw body.malformed(failure, parser);
      }
    } catch (IOException failure) {
      // Opening or closing: the document's encoding was not recognised.
      throw HttpError.badRequest("failed to parse the request JSON buffer: not UTF-8");
    }
    if (!sawInputs) {
      throw HttpError.badRequest("the request has no 'inputs' (expected: an array of tensors)");
    }
  }

  private void readRequest(JsonParser parser) throws IOException {
    parser.nextToken();
    if (parser.currentToken() != null && parser.currentTokenLocation().getByteOffset() < 0) {
      throw HttpError.badRequest("failed to parse the request JSON buffer: not UTF-8");
    }
    Json.expect(parser, JsonToken.START_OBJECT, "the request", "a JSON object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      body.at("'" + Text.excerpt(key) + "'");
      switch (key) {
        case "id" -> id = Json.string(parser, "id");
        case "parameters" -> parameters.read(parser);
        case "inputs" -> readInputs(parser);
        case "outputs" -> outputs.read(parser);
        default -> parser.skipChildren();
      }
    }
  }

  private void readInputs(JsonParser parser) throws IOException {
    Json.expect(parser, JsonToken.START_ARRAY, "inputs", "an array of tensors");
    sawInputs = true;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      inputs.add(InferInput.read(parser, body, inputs.size()));
    }
  }

  /** Gives every input its bytes: those read from the document, and those behind it in order. */
  private List<Tensor> tensors(int jsonBytes, String model) {
    List<Tensor> tensors = new ArrayList<>(inputs.size());
    Set<String> seen = new HashSet<>();
    long offset = jsonBytes;
    for (InferInput input : inputs) {
      if (!seen.add(input.name())) {
        throw HttpError.badRequest(
            "input '" + Text.excerpt(input.name()) + "' is given twice (expected: once)");
      }
      tensors.add(input.tensor(offset, model));
      offset += input.isBinary() ? input.binaryBytes() : 0;
    }
    long size = body.bytes().readableBytes();
    if (offset != size) {
      throw HttpError.badRequest(
          "unexpected additional input data for model '"
              + Text.excerpt(model)
              + "': "
              + (size - offset)
              + " bytes after those of the inputs");
    }
    return tensors;
  }
}
