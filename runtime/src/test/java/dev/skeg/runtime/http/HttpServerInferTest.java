package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.concat;
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
  void everyOutputIsClosed() throws InterruptedException {
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (server.endpoints.openOutputs.get() != 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait(); // The client may have its answer before the server is told so.
    }
    assertThat(server.endpoints.openOutputs).hasValue(0);
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

  private static String fp32(String shape, String data) {
    return "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":%s,\"data\":%s}]}"
        .formatted(shape, data);
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UINT8|[[256]]|input 'x' data[0]: 256 (expected: a UINT8, 0 to 255)",
        "UINT8|[-1]|input 'x' data[0]: -1 (expected: a UINT8, 0 to 255)",
        "INT8|[128]|input 'x' data[0]: 128 (expected: an INT8, -128 to 127)",
        "INT32|[1.0]|input 'x' data[0]: 1.0 (expected: an INT32, -2147483648 to 2147483647)",
        "INT64|[9223372036854775808]|input 'x' data[0]: 9223372036854775808 (expected: an INT64",
        "UINT64|[18446744073709551616]|(expected: a UINT64, 0 to 18446744073709551615)",
        "UINT64|[-1]|input 'x' data[0]: -1 (expected: a UINT64",
        "INT32|[\"1\"]|input 'x' data[0]: \"1\" (expected: an INT32",
        "INT32|[true]|input 'x' data[0]: true (expected: an INT32",
        "BOOL|[1]|input 'x' data[0]: 1 (expected: a BOOL, true or false)",
        "BYTES|[1]|input 'x' data[0]: 1 (expected: a string)",
        "BYTES|[\"\\ud800\"]|input 'x' data[0]: half of a surrogate pair, \\ud800",
        "FP32|[1e39]|input 'x' data[0]: 1e39 (expected: a FP32, at most 3.4028235e38",
        "FP64|[1e400]|input 'x' data[0]: 1e400 (expected: a FP64, at most 1.7976931348623157e308",
        "FP32|[\"nan\"]|input 'x' data[0]: \"nan\" (expected: a FP32: a number, \"NaN\"",
        "FP32|[null]|input 'x' data[0]: null",
        "FP32|[{}]|input 'x' data[0]: an object",
        "FP32|1|input 'x' data: 1 (expected: an array of FP32)",
        "FP32|[NaN]|Non-standard token 'NaN' is not JSON; write NaN and infinities as the strings",
        "FP32|[+1]|does not allow numbers to have plus signs in input 'x' at line 1",
        "FP32|[1,2]|input 'x' data: more than 1 elements (expected: as many as its shape has)",
        "FP32|[]|input 'x' data: 0 elements (expected: 1, by its shape [1])",
        "FP33|[1]|input 'x': datatype 'FP33' (expected: one of [BOOL, UINT8,",
      })
  void dataThatDoesNotFitItsDatatypeIsRefusedByNameAndIndex(
      String type, String data, String message) {
    HttpResponse<byte[]> response =
        server.infer(
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"%s\",\"shape\":[1],\"data\":%s}]}"
                .formatted(type, data));

    assertError(response, 400, message);
  }

  private static void assertError(HttpResponse<byte[]> response, int status, String message) {
    String escaped = message.replace("\\", "\\\\").replace("\"", "\\\"");
    assertThat(text(response)).startsWith("{\"error\":\"").endsWith("\"}").contains(escaped);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|the request has no body",
        "{|Unexpected end-of-input",
        "[]|the request: an array (expected: a JSON object)",
        "{}|the request has no 'inputs'",
        "{\"inputs\":{}}|inputs: an object (expected: an array of tensors)",
        "{\"inputs\":[1]}|inputs[0]: 1 (expected: an object)",
        "{\"inputs\":[]} x|Unrecognized token 'x'",
        "{\"inputs\":[]} {}|unexpected an object after the JSON document",
        "{\"id\":1,\"inputs\":[]}|id: 1 (expected: a string)",
        "{\"inputs\":[],\"inputs\":[]}|Duplicate field 'inputs'",
        "{\"inputs\":[{}]}|inputs[0] has no 'name'",
        "{\"inputs\":[{\"name\":7}]}|inputs[0].name: 7 (expected: a string)",
        "{\"inputs\":[{\"name\":\"x\"}]}|input 'x' has no 'datatype'",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\"}]}|input 'x' has no 'shape'",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1]}]}|has none of them",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":3}]}|input 'x' shape: 3",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[2,-1]}]}|input 'x' shape[1]: -1 (expected: an integer",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1.5]}]}|input 'x' shape[0]: 1.5",
        "{\"inputs\":[{\"name\":\"x\",\"data\":7}]}|input 'x' data: 7 (expected: an array)",
        "{\"inputs\":[],\"parameters\":3}|parameters: 3 (expected: an object)",
        "{\"inputs\":[],\"parameters\":{\"triton_x\":1}}|keys starting with 'triton_' are reserved",
        "{\"inputs\":[],\"parameters\":{\"headers\":1}}|'headers' is reserved",
        "{\"inputs\":[],\"parameters\":{\"timeout\":-1}}|parameters.timeout: -1",
        "{\"inputs\":[],\"parameters\":{\"a\":[]}}|parameters.a: an array",
        "{\"inputs\":[],\"parameters\":{\"binary_data_output\":1}}|parameters.binary_data_output: 1",
        "{\"inputs\":[],\"outputs\":[{}]}|outputs[0] has no 'name'",
        "{\"inputs\":[],\"outputs\":[{\"name\":\"y\"},{\"name\":\"y\"}]}|output 'y' is asked for twice",
      })
  void documentsThatAreNoRequestsAreRefused(String json, String message) {
    assertError(server.infer(json), 400, message);
  }

  @Test
  void partsOfTheProtocolThatAreMissingAreNamed() {
    assertError(
        server.infer(
            "{\"inputs\":[],\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":2}}]}"),
        400,
        "classification is not supported by this server yet");
    assertError(
        server.infer(
            "{\"inputs\":[],\"outputs\":[{\"name\":\"y\","
                + "\"parameters\":{\"shared_memory_region\":\"r\"}}]}"),
        400,
        "shared memory is not supported by this server yet");
    assertError(
        server.infer(
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1],"
                + "\"parameters\":{\"shared_memory_region\":\"r\",\"shared_memory_byte_size\":4}}]}"),
        400,
        "input 'x': shared memory is not supported by this server yet");
    assertError(
        server.infer("{\"inputs\":[],\"parameters\":{\"sequence_id\":3}}"),
        501,
        "parameters.sequence_id: stateful models are not supported by this server");
    assertError(
        server.post("/v2/models/echo/infer", "abcd", "Inference-Header-Content-Length", "0"),
        400,
        "raw binary requests are not supported by this server yet");
  }

  @Test
  void deepDocumentsAndEndlessNumbersAreRefused() {
    String deep = "[".repeat(97) + "1" + "]".repeat(97);
    String tooDeep = "[" + deep + "]";
    assertThat(server.infer(fp32("[1]", deep)).statusCode()).isEqualTo(200);
    assertError(
        server.infer(fp32("[1]", tooDeep)), 400, "nested deeper than 100 levels in input 'x'");
    assertError(
        server.infer("{\"inputs\":[],\"a\":" + "[".repeat(100_000)),
        400,
        "nested deeper than 100 levels in 'a'");
    assertError(
        server.infer(fp32("[1]", "[" + "9".repeat(1001) + "]")),
        400,
        "a number of more than 1000 digits in input 'x'");
    assertError(server.infer(fp32("[1]", "[" + "9".repeat(900) + "]")), 400, "out of range");
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FP32|[2]|4|4|input byte size mismatch for input 'x'. Expected 8, got 4",
        "FP32|[1]|4|2|unexpected size for input 'x', expecting 2 additional bytes for model 'echo'",
        "FP32|[1]|4|6|unexpected additional input data for model 'echo': 2 bytes",
        "FP32|[1,9223372036854775807]|4|4|Expected 9223372036854775807 elements of 4 bytes, got 4",
        "FP32|[2,9223372036854775807]|4|4|more than 9223372036854775807 elements",
        "UINT8|[1]|-1|0|inputs[0].parameters.binary_data_size: -1 (expected: a number of bytes",
        "UINT8|[1]|1.5|0|inputs[0].parameters.binary_data_size: 1.5",
        "UINT8|[1]|99999999999|0|expecting 99999999999 additional bytes",
      })
  void binaryDataOfAnotherSizeIsRefused(
      String type, String shape, String announced, int sent, String message) {
    HttpResponse<byte[]> response =
        server.inferBinary(
            ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"%s\",\"shape\":%s,"
                    + "\"parameters\":{\"binary_data_size\":%s}}]}")
                .formatted(type, shape, announced),
            new byte[sent]);

    assertError(response, 400, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOL|1|02|input 'x' element 0: byte 2 (expected: a BOOL, 0 or 1)",
        "BYTES|1|0100|incomplete string length indicator for inference input 'x', expecting 4",
        "BYTES|1|0500000061|expecting string of length 5 but only 1 bytes available",
        "BYTES|1|ffffffff61|expecting string of length 4294967295 but only 1 bytes available",
        "BYTES|2|0100000061|unexpected number of string elements 1 for inference input 'x', expecting 2",
      })
  void binaryDataThatIsNotOfItsDatatypeIsRefused(
      String type, int count, String hex, String message) {
    byte[] data = HexFormat.of().parseHex(hex);

    HttpResponse<byte[]> response =
        server.inferBinary(
            ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"%s\",\"shape\":[%d],"
                    + "\"parameters\":{\"binary_data_size\":%d}}]}")
                .formatted(type, count, data.length),
            data);

    assertError(response, 400, message);
  }

  @Test
  void anInputHasOneSourceAndOneName() {
    assertError(
        server.inferBinary(
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[1],\"data\":[1],"
                + "\"parameters\":{\"binary_data_size\":1}}]}",
            new byte[1]),
        400,
        "Input must set only one of the following fields");
    String input = "{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[1],\"data\":[1]}";
    assertError(
        server.infer("{\"inputs\":[" + input + "," + input + "]}"),
        400,
        "input 'x' is given twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "14", "abc", "99999999999", ""})
  void headerLengthsOutOfRangeAreRefused(String length) {
    assertError(
        server.post(
            "/v2/models/echo/infer", "{\"inputs\":[]}", "Inference-Header-Content-Length", length),
        400,
        "inference header size should be in range (0, 13), got: " + length);
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

  @Test
  void documentsThatAreNotUtf8AreRefused() {
    assertError(
        server.post("/v2/models/echo/infer", "{\"inputs\":[]}".getBytes(StandardCharsets.UTF_16)),
        400,
        "not UTF-8");
    byte[] broken = "{\"id\":\"?\",\"inputs\":[]}".getBytes(StandardCharsets.US_ASCII);
    broken[7] = (byte) 0xff;
    assertError(server.post("/v2/models/echo/infer", broken), 400, "Invalid UTF-8");
  }

  @Test
  void refusalsAndFailuresHaveTheirStatus() {
    assertError(
        server.post("/v2/models/nobody/infer", "{\"inputs\":[]}"),
        400,
        "Request for unknown model: 'nobody' is not found");
    HttpResponse<byte[]> busy = server.post("/v2/models/busy/infer", "{\"inputs\":[]}");
    assertError(busy, 503, "Exceeds maximum queue size");
    assertThat(busy.headers().firstValue("retry-after")).hasValue("2");
    assertError(
        server.post("/v2/models/failing/infer", "{\"inputs\":[]}"), 500, "the engine broke");
  }
}
