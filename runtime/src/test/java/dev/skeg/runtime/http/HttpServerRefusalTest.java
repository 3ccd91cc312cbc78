package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.assertError;
import static dev.skeg.runtime.http.HttpTestServer.fp32;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code /infer} refuses, with the field, what came and what would do. */
final class HttpServerRefusalTest {
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
