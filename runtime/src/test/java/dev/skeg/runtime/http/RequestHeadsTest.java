package dev.skeg.runtime.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents that are known without being read say what they say when they are read. */
@Timeout(120)
final class RequestHeadsTest {
  private static final HttpConfig CONFIG = HttpConfig.of("127.0.0.1", 0);
  private static final JsonFactory JSON = Json.factory(CONFIG.maxJsonDepth(), 1 << 20);
  private static final UnpooledByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true);
  private static final Route.Infer ROUTE = new Route.Infer("m", "");

  private static final String INPUTS =
      "\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\","
          + "\"parameters\":{\"binary_data_size\":8}}]";

  /** A request's body. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Body(byte[] document, byte[] data) {
    static Body of(String document, int dataBytes) {
      return new Body(document.getBytes(UTF_8), new byte[dataBytes]);
    }

    ByteBuf buffer() {
      return Unpooled.directBuffer(1 + document.length + data.length)
          .writeZero(1) // So that the body does not begin where the buffer does.
          .skipBytes(1)
          .writeBytes(document)
          .writeBytes(data);
    }
  }

  /** All that was read of a request. */
  private record Read(
      String refusal,
      String id,
      List<String> inputs,
      List<String> outputs,
      RequestTerms terms,
      RequestMarks marks,
      List<Boolean> binary,
      boolean binaryByDefault) {}

  private static Read read(Body body) {
    return read(body, ROUTE);
  }

  private static Read read(Body body, Route.Infer route) {
    ByteBuf buffer = body.buffer();
    InferCall call;
    try {
      call =
          InferRequestDecoder.decode(
              JSON, CONFIG, ALLOCATOR, buffer, body.document.length, route, 0, 0);
    } catch (HttpError refused) {
      assertThat(buffer.refCnt()).isZero();
      return new Read(
          refused.detail(),
          "",
          List.of(),
          List.of(),
          RequestTerms.NONE,
          RequestMarks.NONE,
          List.of(),
          false);
    }
    InferenceRequest request = call.request();
    List<String> inputs = new ArrayList<>();
    for (Tensor input : request.inputs()) {
      inputs.add(
          input.name()
              + input.type()
              + input.shape()
              + Arrays.toString(input.data().toArray(ValueLayout.JAVA_BYTE)));
    }
    Read read =
        new Read(
            "",
            request.id(),
            inputs,
            request.outputs(),
            request.terms(),
            request.marks(),
            call.binaryOutputs(),
            call.binaryByDefault());
    call.release();
    assertThat(buffer.refCnt()).isZero();
    return read;
  }

  /** Reads without having seen anything before, as a thread does that does not last. */
  private static List<Read> readAfresh(List<Body> bodies) throws Exception {
    FutureTask<List<Read>> task =
        new FutureTask<>(() -> bodies.stream().map(RequestHeadsTest::read).toList());
    Thread.ofVirtual().start(task);
    return task.get(60, TimeUnit.SECONDS);
  }

  /** Returns whether a request's document is known to this thread. */
  private static boolean isKnown(Body body) {
    return isKnown(body, ROUTE);
  }

  private static boolean isKnown(Body body, Route.Infer route) {
    RequestHeads heads = Objects.requireNonNull(RequestHeads.own());
    ByteBuf buffer = body.buffer();
    try {
      @Nullable InferCall call = heads.find(buffer, body.document.length, route, 0, 0);
      return call != null;
    } finally {
      buffer.release();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"%s\",\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\","
            + "\"parameters\":{\"binary_data_size\":8}}],"
            + "\"parameters\":{\"binary_data_output\":true}}", // Triton's Python client.
        "{\"id\":\"%s\",\"parameters\":{\"priority\":2,\"timeout\":500},\"inputs\":[{\"name\":\"x\","
            + "\"datatype\":\"FP32\",\"shape\":[2],\"parameters\":{\"binary_data_size\":8}}],"
            + "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":true}}]}", // C++.
        "{\"id\":\"%s\",\"model_name\":\"m\",\"inputs\":[{\"name\":\"x\",\"shape\":[2],"
            + "\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":8}}]}", // KServe.
        "{ \"id\" : \"%s\", \"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"FP32\","
            + " \"parameters\": {\"binary_data_size\": 8}}], \"parameters\": {\"user\": \"a\"}}"
      })
  void aDocumentWhoseIdIsNewIsKnown(String form) throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String id = i == 7 ? "" : new UUID(random.nextLong(), random.nextLong()).toString();
      bodies.add(Body.of(form.formatted(id), 8));
    }
    List<Read> expected = readAfresh(bodies);

    for (int i = 0; i < bodies.size(); i++) {
      assertThat(isKnown(bodies.get(i))).as("request %d", i).isEqualTo(i >= 2);
      assertThat(read(bodies.get(i))).isEqualTo(expected.get(i));
    }
  }

  @Test
  void anIdThatIsWrittenWithEscapesOrElsewhereHasItsDocumentRead() throws Exception {
    List<Body> bodies =
        List.of(
            Body.of("{\"id\":\"a\\u0062\"," + INPUTS + "}", 8),
            Body.of("{\"id\":\"a\\\\\"," + INPUTS + "}", 8),
            Body.of("{\"id\":\"\u00e9\"," + INPUTS + "}", 8),
            Body.of("{\"\\u0069d\":\"e\"," + INPUTS + "}", 8),
            Body.of("{" + INPUTS + ",\"id\":\"e\"}", 8));
    List<Read> expected = readAfresh(bodies);
    assertThat(expected).extracting(Read::id).containsExactly("ab", "a\\", "\u00e9", "e", "e");

    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < bodies.size(); i++) {
        assertThat(isKnown(bodies.get(i))).isFalse();
        assertThat(read(bodies.get(i))).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void oneKnownDocumentDoesNotStandForAnotherWhoseIdReachesFurther() throws Exception {
    String known = "{\"id\":\"a\",\"outputs\":[]," + INPUTS + "}";
    List<Body> bodies = new ArrayList<>(List.of(Body.of(known, 8), Body.of(known, 8)));
    bodies.add(Body.of("{\"id\":\"a\",\"id\":\"b\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(Body.of("{\"id\":\"a\",\"id\":\"a\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(Body.of("{\"id\":\"a\\\",\\\"outputs\\\":[]\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(Body.of("{\"id\":\"a\t\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(Body.of("{\"id\":\"a\u0000\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(Body.of("{\"id\":\"\\u00e\",\"outputs\":[]," + INPUTS + "}", 8));
    bodies.add(
        new Body(
            ("{\"id\":\"a\u00e9\",\"outputs\":[]," + INPUTS + "}").getBytes(ISO_8859_1),
            new byte[8]));
    List<Read> expected = readAfresh(bodies);
    assertThat(expected).filteredOn(read -> read.refusal().isEmpty()).hasSize(3);

    for (int i = 0; i < bodies.size(); i++) {
      assertThat(read(bodies.get(i))).isEqualTo(expected.get(i));
    }
    assertThat(isKnown(bodies.getFirst())).isTrue();
  }

  @Test
  void whatVariesInAnotherPlaceIsNotKept() throws Exception {
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      bodies.add(
          Body.of("{\"id\":\"a\"," + INPUTS + ",\"parameters\":{\"event_time\":" + i + "}}", 8));
    }
    List<Read> expected = readAfresh(bodies);

    for (int i = 0; i < bodies.size(); i++) {
      assertThat(read(bodies.get(i))).isEqualTo(expected.get(i));
      assertThat(isKnown(bodies.get(i))).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void anySequenceOfDocumentsIsReadAsIfNoneHadBeenBefore(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      bodies.add(random(random));
    }
    List<Read> expected = readAfresh(bodies);
    int known = 0;
    int refused = 0;

    for (int i = 0; i < bodies.size(); i++) {
      Body body = bodies.get(i);
      if (expected.get(i).refusal().isEmpty()) {
        known += isKnown(body) ? 1 : 0;
      } else {
        refused++;
      }
      assertThat(read(body))
          .as("seed %d, request %d: %s", seed, i, new String(body.document, ISO_8859_1))
          .isEqualTo(expected.get(i));
    }

    assertThat(known).as("known, seed %d", seed).isGreaterThan(200);
    assertThat(refused).as("refused, seed %d", seed).isGreaterThan(200);
  }

  /** A request of one of a few forms, which may differ from the others of its form in anything. */
  private static Body random(SplittableRandom random) {
    String space = random.nextInt(4) == 0 ? " " : "";
    boolean isBool = random.nextBoolean();
    int count = random.nextInt(1, 3);
    int size = isBool ? count : count * Float.BYTES;
    String input =
        "\"inputs\":%s[{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":[%d],\"parameters\":{%s\"binary_data_size\":%d}}]"
            .formatted(
                space,
                random.nextBoolean() ? "x" : "id",
                isBool ? DataType.BOOL : DataType.FP32,
                count,
                random.nextInt(8) == 0 ? "\"id\":\"n\"," : "",
                size);
    List<String> members = new ArrayList<>(List.of(input));
    if (random.nextInt(3) == 0) {
      members.add("\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":true}}]");
    }
    if (random.nextInt(3) == 0) {
      String parameter =
          switch (random.nextInt(4)) {
            case 0 -> "\"priority\":" + random.nextInt(3);
            case 1 -> "\"event_time\":" + random.nextInt(1_000);
            case 2 -> "\"id\":\"p" + random.nextInt(2) + "\"";
            default -> "\"binary_data_output\":true";
          };
      members.add("\"parameters\":" + space + "{" + parameter + "}");
    }
    if (random.nextInt(4) != 0) {
      members.add(random.nextInt(8) == 0 ? members.size() : 0, id(random, space));
    }
    if (random.nextInt(16) == 0) {
      members.add(id(random, space));
    }
    byte[] document = ("{" + space + String.join(",", members) + "}").getBytes(UTF_8);
    if (random.nextInt(16) == 0) {
      document[random.nextInt(document.length)] = (byte) random.nextInt(256);
    }
    byte[] data = new byte[random.nextInt(16) == 0 ? random.nextInt(10) : size];
    for (int i = 0; i < data.length; i++) {
      data[i] =
          (byte) (isBool && random.nextInt(16) != 0 ? random.nextInt(2) : random.nextInt(256));
    }
    return new Body(document, data);
  }

  private static String id(SplittableRandom random, String space) {
    String text =
        switch (random.nextInt(12)) {
          case 0 -> "\"\"";
          case 1 -> "\"a\\\"b\"";
          case 2 -> "\"a\\\\\"";
          case 3 -> "\"\\u0041\"";
          case 4 -> "\"\u00e9\u20ac\"";
          case 5 -> "\"" + "l".repeat(random.nextInt(800, 1_000)) + "\"";
          case 6 -> random.nextBoolean() ? "7" : "null";
          case 7 -> "\"" + (char) random.nextInt(1, 0x100) + "\"";
          default -> "\"" + Long.toHexString(random.nextLong()) + "\"";
        };
    String key = random.nextInt(16) == 0 ? "\"i\\u0064\"" : "\"id\"";
    return key + space + ":" + space + text;
  }

  @Test
  void isNotKeptForAnotherLengthOfDataOrAnotherModel() {
    Body known = Body.of("{\"id\":\"q\"," + INPUTS + ",\"outputs\":[]}", 8);
    assertThat(read(known)).isEqualTo(read(known));

    assertThat(isKnown(known)).isTrue();
    assertThat(isKnown(new Body(known.document, new byte[7]))).isFalse();
    assertThat(isKnown(new Body(known.document, new byte[9]))).isFalse();
    ByteBuf buffer = known.buffer();
    RequestHeads heads = Objects.requireNonNull(RequestHeads.own());
    assertThat(heads.find(buffer, known.document.length, new Route.Infer("other", ""), 0, 0))
        .isNull();
    buffer.release();
  }

  @Test
  void oneDocumentForTwoModelsInTurnIsKnownForBoth() {
    Body body = Body.of("{\"id\":\"q\"," + INPUTS + ",\"outputs\":[{\"name\":\"turns\"}]}", 8);
    Route.Infer other = new Route.Infer("other", "");
    for (int round = 0; round < 2; round++) {
      read(body);
      read(body, other);
    }

    assertThat(isKnown(body)).isTrue();
    assertThat(isKnown(body, other)).isTrue();
  }
}
