package dev.skeg.registry.oci;

import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import java.net.URI;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Uploads blobs: those the repository has are skipped, small ones go in one request, larger ones in
 * chunks, and after a broken chunk the registry is asked where to go on, a few times in a row
 * without a byte more. <b>Threads.</b> One.
 */
final class OciUpload {
  private static final int MAX_RESUMES = 5;
  private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-(\\d{1,18})");

  private final OciRegistry registry;
  private final long chunkBytes;
  private final Progress progress;

  /**
   * @param chunkBytes size of a chunk, and of the largest blob that goes in one request
   */
  OciUpload(OciRegistry registry, long chunkBytes, Progress progress) {
    this.registry = registry;
    this.chunkBytes = chunkBytes;
    this.progress = progress;
  }

  /** Uploads bytes, unless they are there. */
  void upload(byte[] content, String digest) {
    if (!registry.hasBlob(digest)) {
      atOnce(digest, new HttpCall.Body.Bytes(content));
    }
  }

  /**
   * Uploads a file, unless it is there.
   *
   * @param path names it to the progress
   */
  void upload(Path file, String path, long sizeBytes, String digest) {
    progress.moved(path, 0, sizeBytes);
    if (!registry.hasBlob(digest)) {
      if (sizeBytes <= chunkBytes) {
        atOnce(digest, new HttpCall.Body.FilePart(file, 0, sizeBytes));
      } else {
        inChunks(file, path, sizeBytes, digest);
      }
    }
    progress.moved(path, sizeBytes, sizeBytes);
  }

  private void atOnce(String digest, HttpCall.Body body) {
    for (int attempt = 0; ; attempt++) {
      try {
        finish(begin(), digest, body);
        return;
      } catch (RegistryException e) {
        if (e.kind() != Kind.TRANSIENT || attempt == MAX_RESUMES) {
          throw e;
        }
      }
    }
  }

  private void inChunks(Path file, String path, long sizeBytes, String digest) {
    URI location = begin();
    long done = 0;
    long most = 0;
    int resumes = 0;
    while (done < sizeBytes) {
      if (done > most) {
        most = done;
        resumes = 0;
      }
      long length = Math.min(chunkBytes, sizeBytes - done);
      try (HttpReply reply = registry.send(chunk(location, file, done, length))) {
        location = location(reply);
        done += length;
        progress.moved(path, done, sizeBytes);
      } catch (RegistryException e) {
        if (e.kind() != Kind.TRANSIENT || ++resumes > MAX_RESUMES) {
          throw e;
        }
        // Part of the chunk may have arrived: the registry knows.
        try (HttpReply status = registry.send(HttpCall.get(location))) {
          location = location(status);
          done = received(status, sizeBytes);
        }
      }
    }
    finish(location, digest, new HttpCall.Body.None());
  }

  private static HttpCall chunk(URI location, Path file, long offset, long length) {
    HttpCall.Body part = new HttpCall.Body.FilePart(file, offset, length);
    // Not repeatable as it is: sent twice, it would be appended twice.
    return HttpCall.of("PATCH", location, part, false)
        .withHeader("Content-Type", "application/octet-stream")
        .withHeader("Content-Range", offset + "-" + (offset + length - 1));
  }

  private static long received(HttpReply status, long sizeBytes) {
    Matcher range = RANGE.matcher(status.header("range"));
    // "0-0" says one byte or none, and distribution means none.
    long last = range.matches() ? Long.parseLong(range.group(1)) : 0;
    return last == 0 ? 0 : Math.min(last + 1, sizeBytes);
  }

  private URI begin() {
    URI uploads = registry.reference().uri("blobs/uploads/");
    // An upload that nobody goes on with costs nothing and expires: the request may be repeated.
    try (HttpReply reply = registry.send(HttpCall.post(uploads, new byte[0]).repeatable(true))) {
      return location(reply);
    }
  }

  private URI location(HttpReply reply) {
    try {
      URI location = reply.uri().resolve(reply.header("location"));
      boolean downgrade =
          reply.uri().getScheme().equals("https") && !"https".equals(location.getScheme());
      if (!reply.header("location").isEmpty() && location.getHost() != null && !downgrade) {
        return location;
      }
    } catch (IllegalArgumentException e) {
      // Said below, without the location: it may be signed.
    }
    throw new RegistryException(
        Kind.TRANSIENT,
        registry.reference() + " names no sound location for an upload (expected: a URL)");
  }

  private void finish(URI location, String digest, HttpCall.Body body) {
    String separator = location.getRawQuery() == null ? "?" : "&";
    URI target = URI.create(location + separator + "digest=" + digest);
    HttpCall call =
        HttpCall.of("PUT", target, body, false)
            .withHeader("Content-Type", "application/octet-stream");
    try {
      registry.send(call).close();
    } catch (RegistryException e) {
      // The answer may have been lost, not the blob.
      if (e.kind() != Kind.TRANSIENT || !registry.hasBlob(digest)) {
        throw e;
      }
    }
  }
}
