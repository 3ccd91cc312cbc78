package dev.skeg.registry.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;

/** Sends a part of a file with its length known, so that no server has to take it in chunks. */
final class FilePartPublisher {
  private FilePartPublisher() {}

  static BodyPublisher of(HttpCall.Body.FilePart part) throws IOException {
    if (part.offset() == 0 && part.length() == Files.size(part.file())) {
      return BodyPublishers.ofFile(part.file());
    }
    BodyPublisher stream = BodyPublishers.ofInputStream(() -> open(part));
    return part.length() == 0
        ? BodyPublishers.noBody()
        : BodyPublishers.fromPublisher(stream, part.length());
  }

  private static InputStream open(HttpCall.Body.FilePart part) {
    try {
      return FilePartStream.open(part.file(), part.offset(), part.length());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
