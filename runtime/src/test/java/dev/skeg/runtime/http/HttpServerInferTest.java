package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.assertError;
import static dev.skeg.runtime.http.HttpTestServer.concat;
import static dev.skeg.runtime.http.HttpTestServer.fp32;
import static dev.skeg.runtime.http.HttpTestServer.littleEndian;
import static dev.skeg.runtime.http.HttpTestServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestTerms;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors through {@code /infer}, in and out, as JSON and as binary data. */
final class HttpServerInferTest {
  private static HttpTestServer server;

  @BeforeAll
  static void start() {
    server = new HttpTestServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void everyOutputIsClosed() {
    server.assertOutputsClosed();
    server.endpoints.requests.clear();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOL|true,false|0100",
        "UINT8|0,255|00ff",
        "UINT16|1,65535|0100ffff",
        "UINT32|1,4294967295|01000000ffffffff",
        "UINT64|1,18446744073709551615|0100000000000000ffffffffffffffff",
        "INT8|-128,127|807f",
        "INT16|-32768,32767|0080ff7f",
        "INT32|-2147483648,2147483647|00000080ffffff7f",
        "INT64|-9223372036854775808,9223372036854775807|0000000000000080ffffffffffffff7f",
        "FP32|1.5,-0.0|0000c03f00000080",
        "FP64|1.0E300,4.9E-324|9c7500883ce4377e0100000000000000",
        "BYTES|\"a\",\"é😀\"|010000006106000000c3a9f09f9880",
      })
  void everyDatatypeTravelsAsJsonAndAsBinaryDataBothWays(String type, String json, String hex) {
    byte[] binary = HexFormat.of().parseHex(hex);
    String head = "{\"name\":\"x\",\"datatype\":\"" + type + "\",\"shape\":[2]";
    String jsonInput = head + ",\"data\":[" + json + "]}";
    String binaryInput = head + ",\"parameters\":{\"binary_data_size\":" + binary.length + "}}";
    String asJson = "{\"inputs\":[%s]}";
    String asBinary = "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[%s]}";
    String jsonOutput = head + ",\"data\":[" + json + "]}";

    assertThat(text(server.infer(asJson.formatted(jsonInput)))).isEqualTo(answer(jsonOutput));
    assertThat(text(server.inferBinary(asJson.formatted(binaryInput), binary)))
        .isEqualTo(answer(jsonOutput));
    assertBinary(server.infer(asBinary.formatted(jsonInput)), answer(binaryInput), binary);
    assertBinary(
        server.inferBinary(asBinary.formatted(binaryInput), binary), answer(binaryInput), binary);
  }

  @ParameterizedTest
  @ValueSource(strings = {"FP16", "BF16"})
  void halfFloatsTravelAsBinaryDataOnly(String type) {
    byte[] binary = {1, 2, 3, 4};
    String input =
        "{\"name\":\"x\",\"datatype\":\"%s\",\"shape\":[2],\"parameters\":{\"binary_data_size\":4}}"
            .formatted(type);

    HttpResponse<byte[]> echoed =
        server.inferBinary(
            "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[" + input + "]}", binary);
    HttpResponse<byte[]> asJson = server.inferBinary("{\"inputs\":[" + input + "]}", binary);
    HttpResponse<byte[]> fromJson =
        server.infer(
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"%s\",\"shape\":[1],\"data\":[1]}]}"
                .formatted(type));

    assertBinary(echoed, answer(input), binary);
    assertThat(asJson.statusCode()).isEqualTo(400);
    assertThat(text(asJson))
        .contains("sending " + type + " data via JSON is not supported", "output 'x'");
    assertThat(fromJson.statusCode()).isEqualTo(400);
    assertThat(text(fromJson))
        .contains("receiving " + type + " data via JSON is not supported", "input 'x'");
  }

  private static String answer(String output) {
    return "{\"model_name\":\"echo\",\"model_version\":\"3\",\"outputs\":[" + output + "]}";
  }

  private static void assertBinary(HttpResponse<byte[]> response, String json, byte[] data) {
    assertThat(text(response)).startsWith(json);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/octet-stream");
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    assertThat(response.headers().firstValue("inference-header-content-length"))
        .hasValue(Integer.toString(length));
    assertThat(Arrays.copyOfRange(response.body(), length, response.body().length)).isEqualTo(data);
  }

  @Test
  void nestedDataAndFlatDataAreTheSameAndTheAnswerIsFlat() {
    String nested = text(server.infer(fp32("[2,2]", "[[1,2],[3,4.25]]")));
    String flat = text(server.infer(fp32("[2,2]", "[1,2,3,4.25]")));

    assertThat(nested).isEqualTo(flat).contains("\"shape\":[2,2],\"data\":[1.0,2.0,3.0,4.25]");
  }

  @Test
  void dataMayComeBeforeDatatypeShapeAndName() {
    String answer =
        text(
            server.infer(
                " {\"inputs\" : [ {\"data\" : [[1, -2e3],[\"NaN\",4]] , \"shape\":[2,2],"
                    + "\"datatype\":\"FP64\",\"name\":\"é\"} ] }"));

    assertThat(answer)
        .contains("\"name\":\"é\",\"datatype\":\"FP64\",\"shape\":[2,2]")
        .contains("\"data\":[1.0,-2000.0,\"NaN\",4.0]");
  }

  @Test
  void notANumberAndInfinitiesAreStringsBothWays() {
    assertThat(text(server.infer(fp32("[3]", "[\"NaN\",\"Infinity\",\"-Infinity\"]"))))
        .contains("\"data\":[\"NaN\",\"Infinity\",\"-Infinity\"]");
  }

  @Test
  void integersStandForFloatsAndKeepTheSignOfZero() {
    assertThat(text(server.infer(fp32("[3]", "[-0,16777217,123456789012345678901234567890]"))))
        .contains("\"data\":[-0.0,1.6777216E7,1.2345679E29]");
  }

  @Test
  void scalarsAndEmptyTensorsTravel() {
    assertThat(text(server.infer(fp32("[]", "[7]")))).contains("\"shape\":[],\"data\":[7.0]");
    assertThat(text(server.infer(fp32("[0,4]", "[]")))).contains("\"shape\":[0,4],\"data\":[]");
    HttpResponse<byte[]> empty =
        server.inferBinary(
            "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[{\"name\":\"x\","
                + "\"datatype\":\"FP32\",\"shape\":[0],\"parameters\":{\"binary_data_size\":0}}]}",
            new byte[0]);
    assertThat(text(empty)).contains("\"binary_data_size\":0");
    assertThat(empty.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(empty.headers().firstValue("inference-header-content-length")).isEmpty();
  }

  @Test
  void jsonAndBinaryInputsMixAndOutputsChooseTheirForm() {
    byte[] second = littleEndian(4).putInt(7).array();
    byte[] third = {9};

    HttpResponse<byte[]> response =
        server.inferBinary(
            "{\"id\":\"r1\",\"inputs\":["
                + "{\"name\":\"a\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[5]},"
                + "{\"name\":\"b\",\"datatype\":\"INT32\",\"shape\":[1],"
                + "\"parameters\":{\"binary_data_size\":4}},"
                + "{\"name\":\"c\",\"datatype\":\"UINT8\",\"shape\":[1],"
                + "\"parameters\":{\"binary_data_size\":1}}],"
                + "\"parameters\":{\"binary_data_output\":true,\"priority\":1,\"mine\":\"x\"},"
                + "\"outputs\":[{\"name\":\"a\",\"parameters\":{\"binary_data\":true}},"
                + "{\"name\":\"b\",\"parameters\":{\"binary_data\":false}},{\"name\":\"c\"}]}",
            concat(second, third));

    byte[] first = littleEndian(4).putInt(5).array();
    assertBinary(
        response,
        "{\"id\":\"r1\",\"model_name\":\"echo\",\"model_version\":\"3\",\"outputs\":["
            + "{\"name\":\"a\",\"datatype\":\"INT32\",\"shape\":[1],"
            + "\"parameters\":{\"binary_data_size\":4}},"
            + "{\"name\":\"b\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]},"
            + "{\"name\":\"c\",\"datatype\":\"UINT8\",\"shape\":[1],"
            + "\"parameters\":{\"binary_data_size\":1}}]}",
        concat(first, third));
  }

  @Test
  void largeBinaryTensorsTravelUnharmed() {
    byte[] data = new byte[8 << 20];
    new java.util.Random(11).nextBytes(data);
    String input =
        "{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[8388608],"
            + "\"parameters\":{\"binary_data_size\":8388608}}";

    assertBinary(
        server.inferBinary(
            "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[" + input + "]}", data),
        answer(input),
        data);
  }

  @Test
  void largeJsonTensorsTravelUnharmed() {
    StringBuilder data = new StringBuilder("[0");
    for (int i = 1; i < 300_000; i++) {
      data.append(',').append(i);
    }
    data.append(']');

    String answer =
        text(
            server.infer(
                "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT32\",\"shape\":[300000],\"data\":"
                    + data
                    + "}]}"));

    assertThat(answer).endsWith("\"data\":" + data + "}]}");
  }

  @Test
  void modelVersionIdAndOutputsReachTheEndpoint() throws InterruptedException {
    server.post(
        "/v2/models/echo/versions/3/infer?test_1=1",
        "{\"id\":\"7\",\"inputs\":[],\"outputs\":[{\"name\":\"y\"},{\"name\":\"z\"}]}");

    InferenceRequest request = server.endpoints.requests.take();
    assertThat(request.model()).isEqualTo("echo");
    assertThat(request.version()).isEqualTo("3");
    assertThat(request.id()).isEqualTo("7");
    assertThat(request.outputs()).isEqualTo(List.of("y", "z"));
  }

  @ParameterizedTest
  @CsvSource({"250ms, 250000000", "2s, 2000000000", "500us, 500000", "1m, 60000000000"})
  void howLongTheClientWaitsReachesTheEndpoint(String header, long nanos)
      throws InterruptedException {
    server.post(
        "/v2/models/echo/infer",
        "{\"inputs\":[],\"parameters\":{\"timeout\":700,\"priority\":2}}",
        "X-Request-Timeout",
        header);

    assertThat(server.endpoints.requests.take().terms())
        .isEqualTo(new RequestTerms(nanos, 700_000, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "250", "ms", "0ms", "-1s", "1.5s", "1h", "1000000000s", "1 s"})
  void whatIsNoTimeIsRefused(String header) {
    HttpResponse<byte[]> answer =
        server.post("/v2/models/echo/infer", "{\"inputs\":[]}", "X-Request-Timeout", header);

    assertError(answer, 400, "X-Request-Timeout: '" + header + "' (expected: ");
    assertThat(server.endpoints.requests).isEmpty();
  }

  @Test
  void serverTimingNamesTheStagesInMilliseconds() {
    assertThat(server.infer("{\"inputs\":[]}").headers().firstValue("server-timing"))
        .hasValueSatisfying(timing ->
            assertThat(timing)
                .matches(
                    "queue;dur=0\\.001, input;dur=0\\.002, infer;dur=3\\.000,"
                        + " output;dur=0\\.000, compute;dur=3\\.002,"
                        + " total;dur=\\d+\\.\\d\\d\\d"));
  }

  @Test
  void unknownKeysAreIgnored() {
    assertThat(
            server
                .infer(
                    "{\"foo\":{\"bar\":[1]},\"inputs\":[{\"name\":\"x\",\"datatype\":\"BOOL\","
                        + "\"shape\":[1],\"data\":[true],\"more\":null}]}")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void strangeBytesTravelAsBinaryDataButNotAsJson() {
    byte[] data = {2, 0, 0, 0, (byte) 0xff, 0};
    String input =
        "{\"name\":\"x\",\"datatype\":\"BYTES\",\"shape\":[1],"
            + "\"parameters\":{\"binary_data_size\":6}}";

    assertBinary(
        server.inferBinary(
            "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[" + input + "]}", data),
        answer(input),
        data);
    assertError(
        server.inferBinary("{\"inputs\":[" + input + "]}", data),
        400,
        "output 'x' element 0 is not UTF-8, so JSON cannot carry it");
  }
}
