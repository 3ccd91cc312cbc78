package dev.skeg.examples.clients;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Asks for loan scores over REST with binary tensors, which spares both sides the JSON numbers:
 * {@code LoanOverRest [URL]}.
 */
public final class LoanOverRest {
  private static final String LENGTH = "Inference-Header-Content-Length";

  private LoanOverRest() {}

  /** Prints a line for each applicant. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String url = arguments.length > 0 ? arguments[0] : "http://localhost:8000";
    int rows = Applicants.FEATURES.length;
    int columns = Applicants.FEATURES[0].length;
    int bytes = rows * columns * Float.BYTES;
    byte[] header =
        """
        {"inputs": [{"name": "features", "datatype": "FP32", "shape": [%d, %d],
                     "parameters": {"binary_data_size": %d}}],
         "outputs": [{"name": "score", "parameters": {"binary_data": true}}]}
        """
            .formatted(rows, columns, bytes)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer body = ByteBuffer.allocate(header.length + bytes).order(ByteOrder.LITTLE_ENDIAN);
    body.put(header);
    for (float[] row : Applicants.FEATURES) {
      for (float value : row) {
        body.putFloat(value);
      }
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/v2/models/loan/infer"))
            .timeout(Duration.ofSeconds(10))
            .header(LENGTH, Integer.toString(header.length))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.array()))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException(new String(response.body(), StandardCharsets.UTF_8));
      }
      int skip = Integer.parseInt(response.headers().firstValue(LENGTH).orElseThrow());
      ByteBuffer scores =
          ByteBuffer.wrap(response.body()).position(skip).order(ByteOrder.LITTLE_ENDIAN);
      for (int row = 0; row < rows; row++) {
        System.out.println(Applicants.line(row, scores.getFloat()));
      }
    }
  }
}
