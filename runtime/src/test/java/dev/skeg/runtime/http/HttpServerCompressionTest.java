package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.body;
import static dev.skeg.runtime.http.HttpTestServer.concat;
import static dev.skeg.runtime.http.HttpTestServer.text;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed bodies, both ways. */
@Timeout(60)
final class HttpServerCompressionTest {
  private static final int LIMIT = 100_000;

  private final HttpTestServer server =
      new HttpTestServer(HttpConfig.of("127.0.0.1", 0).withMaxMessageBytes(LIMIT));

  @AfterEach
  void stop() {
    server.close();
    assertThat(server.endpoints.openOutputs).hasValue(0);
  }

  private static byte[] compress(String coding, byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        coding.equals("gzip") ? new GZIPOutputStream(bytes) : new DeflaterOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private static byte[] decompress(String coding, byte[] compressed) throws IOException {
    InputStream bytes = new ByteArrayInputStream(compressed);
    try (InputStream in =
        coding.equals("gzip") ? new GZIPInputStream(bytes) : new InflaterInputStream(bytes)) {
      return in.readAllBytes();
    }
  }

  @ParameterizedTest
  @CsvSource({"gzip,gzip", "deflate,deflate", "deflate,gzip", "gzip,deflate"})
  void bodiesAreCompressedBothWaysAndTheFormatIsDetected(String format, String header)
      throws IOException {
    byte[] data = new byte[50_000];
    Arrays.fill(data, (byte) 7);
    String json =
        "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[{\"name\":\"x\","
            + "\"datatype\":\"UINT8\",\"shape\":[50000],\"parameters\":{\"binary_data_size\":50000}}]}";
    byte[] body = compress(format, concat(json.getBytes(ISO_8859_1), data));

    HttpResponse<byte[]> response =
        server.post(
            "/v2/models/echo/infer",
            body,
            "Content-Encoding",
            header,
            "Inference-Header-Content-Length",
            Integer.toString(json.length()),
            "Accept-Encoding",
            "br, " + header);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-encoding")).hasValue(header);
    byte[] plain = decompress(header, response.body());
    int length =
        Integer.parseInt(
            response.headers().firstValue("inference-header-content-length").orElseThrow());
    assertThat(plain).hasSize(length + 50_000).endsWith(data);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, deflate|gzip",
        "deflate, gzip|deflate",
        "gzip;q=0.5, deflate;q=0.8|deflate",
        "gzip;q=0.5, identity|none",
        "gzip;q=0|none",
        "*|gzip",
        "br|none",
        "GZIP ; Q=1.0|gzip",
        "gzip;q=x|none",
      })
  void theClientsPreferenceIsHeeded(String accepted, String expected) {
    assertThat(
            server
                .post("/v2/models/echo/infer", body("a"), "Accept-Encoding", accepted)
                .headers()
                .firstValue("content-encoding")
                .orElse("none"))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "gzip, gzip", "snappy"})
  void otherCompressionsAreRefusedWithThoseThatWork(String coding) {
    HttpResponse<byte[]> response =
        server.post("/v2/models/echo/infer", body("a"), "Content-Encoding", coding);
    assertThat(response.statusCode()).isEqualTo(501);
    assertThat(text(response)).contains("Unsupported compression type");
    assertThat(response.headers().firstValue("accept-encoding")).hasValue("gzip, deflate");
  }

  @Test
  void brokenAndOversizedCompressedBodiesAreRefused() throws IOException {
    byte[] whole = compress("gzip", body("a").getBytes(ISO_8859_1));
    byte[] wrongChecksum = whole.clone();
    wrongChecksum[wrongChecksum.length - 8] ^= 1;

    assertThat(gzip(Arrays.copyOf(whole, whole.length - 9)))
        .contains("400", "request body is truncated");
    assertThat(gzip(wrongChecksum)).contains("400", "not valid gzip data");
    assertThat(gzip("{}{}{}".getBytes(ISO_8859_1)))
        .contains("400", "neither a gzip nor a zlib header");
    assertThat(gzip(new byte[0])).contains("400", "request body is truncated");
    assertThat(gzip(compress("gzip", new byte[20_000_000])))
        .contains("413", "larger than 100000 bytes once decompressed");
  }

  private String gzip(byte[] body) {
    HttpResponse<byte[]> response =
        server.post("/v2/models/echo/infer", body, "Content-Encoding", "gzip");
    return response.statusCode() + " " + text(response);
  }
}
