package dev.skeg.registry.s3;

import dev.skeg.registry.Transfer;
import dev.skeg.registry.bucket.Bucket;
import dev.skeg.registry.bucket.Requests;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.published.PublishedTree.Entry;
import dev.skeg.registry.transport.FilePartStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.ObjectVersion;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * A bucket of Amazon S3. With versions, listings name the version of each object, and reads go to
 * it even if the object was replaced since. <b>Threads.</b> Any.
 */
final class S3Bucket implements Bucket {
  /** Marks a validator that is the id of a version. */
  private static final String VERSION = "version:";

  private static final String NO_SUCH_OBJECT = "NoSuchKey";
  private static final int MAX_PARTS = 10_000;
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");

  private final S3Client client;
  private final String bucket;
  private final boolean versioned;
  private final Sizes sizes;

  /**
   * How much goes into one request.
   *
   * @param partBytes larger files are uploaded in parts of that size
   * @param pageKeys names in a part of a listing, 1 to 1000
   */
  record Sizes(long partBytes, int pageKeys) {}

  S3Bucket(S3Client client, String bucket, boolean versioned, Sizes sizes) {
    this.client = client;
    this.bucket = bucket;
    this.versioned = versioned;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return "s3://" + bucket;
  }

  @Override
  public boolean pinsVersions() {
    return versioned;
  }

  @Override
  public Got get(String key, long offset, String etag) {
    GetObjectRequest.Builder request = GetObjectRequest.builder().bucket(bucket).key(key);
    if (offset > 0) {
      request.range("bytes=" + offset + "-");
    }
    if (etag.startsWith(VERSION)) {
      request.versionId(etag.substring(VERSION.length()));
    } else if (!etag.isEmpty()) {
      request.ifMatch(etag);
    }
    return got(client.getObject(request.build()));
  }

  @Override
  public Got getUnless(String key, String etag) {
    GetObjectRequest.Builder request = GetObjectRequest.builder().bucket(bucket).key(key);
    if (!etag.isEmpty()) {
      request.ifNoneMatch(etag);
    }
    return got(client.getObject(request.build()));
  }

  private static Got got(ResponseInputStream<GetObjectResponse> in) {
    GetObjectResponse response = in.response();
    Long length = response.contentLength();
    Matcher range = RANGE.matcher(text(response.contentRange()));
    boolean isPart = range.matches();
    return new Got(
        new Transfer(
            new AbortingStream(in),
            isPart ? Long.parseLong(range.group(1)) : 0,
            isPart ? Long.parseLong(range.group(2)) : length == null ? -1 : length),
        text(response.eTag()));
  }

  /** Lets the connection go when it is closed before its end, instead of reading the rest. */
  private static final class AbortingStream extends FilterInputStream {
    private final ResponseInputStream<GetObjectResponse> response;
    private boolean ended;

    AbortingStream(ResponseInputStream<GetObjectResponse> response) {
      super(response);
      this.response = response;
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      ended |= value < 0;
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = in.read(target, offset, length);
      ended |= count < 0;
      return count;
    }

    @Override
    public void close() throws IOException {
      if (ended) {
        in.close();
      } else {
        response.abort();
      }
    }
  }

  @Override
  public Page list(String prefix, boolean deep, String from) {
    if (versioned && deep) {
      return listVersions(prefix, from);
    }
    ListObjectsV2Response response =
        client.listObjectsV2(request -> {
          request.bucket(bucket).prefix(prefix).maxKeys(sizes.pageKeys());
          if (!deep) {
            request.delimiter("/");
          }
          if (!from.isEmpty()) {
            request.continuationToken(from);
          }
        });
    List<Entry> objects = new ArrayList<>();
    for (S3Object object : response.contents()) {
      objects.add(new Entry(object.key(), object.size(), text(object.eTag())));
    }
    return new Page(
        objects,
        response.commonPrefixes().stream().map(CommonPrefix::prefix).toList(),
        Boolean.TRUE.equals(response.isTruncated()) ? text(response.nextContinuationToken()) : "");
  }

  private Page listVersions(String prefix, String from) {
    int separator = from.indexOf('\n');
    ListObjectVersionsResponse response =
        client.listObjectVersions(request -> {
          request.bucket(bucket).prefix(prefix).maxKeys(sizes.pageKeys());
          if (separator >= 0) {
            request.keyMarker(from.substring(0, separator));
            request.versionIdMarker(from.substring(separator + 1));
          }
        });
    List<Entry> objects = new ArrayList<>();
    for (ObjectVersion version : response.versions()) {
      if (Boolean.TRUE.equals(version.isLatest())) {
        objects.add(new Entry(version.key(), version.size(), VERSION + version.versionId()));
      }
    }
    String next = text(response.nextKeyMarker()) + "\n" + text(response.nextVersionIdMarker());
    return new Page(objects, List.of(), Boolean.TRUE.equals(response.isTruncated()) ? next : "");
  }

  @Override
  public void put(String key, byte[] content, Condition condition) {
    PutObjectRequest.Builder request = PutObjectRequest.builder().bucket(bucket).key(key);
    switch (condition) {
      case Condition.Any any -> {}
      case Condition.Absent absent -> request.ifNoneMatch("*");
      case Condition.Matches(String etag) -> request.ifMatch(etag);
    }
    client.putObject(request.build(), RequestBody.fromBytes(content));
  }

  @Override
  public void upload(String key, Path file, String call, Requests requests, LongConsumer done)
      throws IOException {
    long size = Files.size(file);
    if (size <= sizes.partBytes()) {
      requests.send(
          call,
          true,
          () ->
              client.putObject(
                  request -> request.bucket(bucket).key(key), RequestBody.fromFile(file)));
      return;
    }
    String id =
        requests.send(
            call,
            true,
            () ->
                client
                    .createMultipartUpload(request -> request.bucket(bucket).key(key))
                    .uploadId());
    try {
      List<CompletedPart> parts = parts(key, file, size, id, call, requests, done);
      requests.send(
          call,
          true,
          () ->
              client.completeMultipartUpload(request ->
                  request
                      .bucket(bucket)
                      .key(key)
                      .uploadId(id)
                      .multipartUpload(upload -> upload.parts(parts))));
    } catch (RuntimeException e) {
      abort(key, id, e);
      throw e;
    }
  }

  /** Parts that are left behind would cost money for ever. */
  private void abort(String key, String id, RuntimeException failure) {
    try {
      client.abortMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(id));
    } catch (SdkException e) {
      failure.addSuppressed(e);
    }
  }

  private List<CompletedPart> parts(
      String key,
      Path file,
      long size,
      String id,
      String call,
      Requests requests,
      LongConsumer done) {
    long each = Math.max(sizes.partBytes(), Math.ceilDiv(size, MAX_PARTS));
    List<CompletedPart> parts = new ArrayList<>();
    for (long offset = 0; offset < size; offset += each) {
      long start = offset;
      long length = Math.min(each, size - offset);
      int number = parts.size() + 1;
      RequestBody body =
          RequestBody.fromContentProvider(
              () -> {
                try {
                  return FilePartStream.open(file, start, length);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              length,
              "application/octet-stream");
      String etag =
          requests.send(
              call,
              true,
              () ->
                  client
                      .uploadPart(
                          request ->
                              request.bucket(bucket).key(key).uploadId(id).partNumber(number),
                          body)
                      .eTag());
      parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
      done.accept(start + length);
    }
    return parts;
  }

  @Override
  public void delete(String key) {
    client.deleteObject(request -> request.bucket(bucket).key(key));
  }

  @Override
  public Optional<Trouble> explain(Exception e) {
    return switch (e) {
      case AwsServiceException answered -> {
        AwsErrorDetails details = answered.awsErrorDetails();
        String code = details == null ? "" : text(details.errorCode());
        String retryAfter =
            details == null || details.sdkHttpResponse() == null
                ? ""
                : details.sdkHttpResponse().firstMatchingHeader("Retry-After").orElse("");
        yield Optional.of(
            new Trouble.Answered(
                answered.statusCode(), code, retryAfter, code.equals(NO_SUCH_OBJECT)));
      }
      case SdkClientException broken -> Optional.of(Trouble.Broken.in(broken));
      case UncheckedIOException broken -> Optional.of(Trouble.Broken.in(broken));
      default -> Optional.empty();
    };
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  @Override
  public void close() {
    client.close();
  }
}
