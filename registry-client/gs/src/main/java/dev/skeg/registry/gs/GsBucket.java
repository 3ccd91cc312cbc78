package dev.skeg.registry.gs;

import com.google.api.client.googleapis.media.MediaHttpUploader;
import com.google.api.client.http.AbstractInputStreamContent;
import com.google.api.client.http.ByteArrayContent;
import com.google.api.client.http.FileContent;
import com.google.api.client.http.HttpHeaders;
import com.google.api.client.http.HttpResponse;
import com.google.api.client.http.HttpResponseException;
import com.google.api.services.storage.Storage;
import com.google.api.services.storage.model.Objects;
import com.google.api.services.storage.model.StorageObject;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.bucket.Bucket;
import dev.skeg.registry.bucket.Requests;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.published.PublishedTree.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A bucket of Google Cloud Storage. A validator is an object's generation, which changes with every
 * write; in a bucket with versions, an older one can still be read. <b>Threads.</b> Any.
 */
final class GsBucket implements Bucket {
  private static final String TYPE = "application/octet-stream";
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");

  /** How Google says that the object, not the bucket, does not exist. */
  private static final String NO_SUCH_OBJECT = "No such object";

  private final Storage client;
  private final String bucket;
  private final boolean versioned;
  private final Sizes sizes;

  /**
   * How much goes into one request.
   *
   * @param chunkBytes larger files are uploaded in chunks of that size, a multiple of 256 KiB
   * @param pageKeys names in a part of a listing, 1 to 1000
   */
  record Sizes(int chunkBytes, int pageKeys) {}

  GsBucket(Storage client, String bucket, boolean versioned, Sizes sizes) {
    this.client = client;
    this.bucket = bucket;
    this.versioned = versioned;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return "gs://" + bucket;
  }

  @Override
  public boolean pinsVersions() {
    return versioned;
  }

  @Override
  public Got get(String key, long offset, String etag) throws IOException {
    Storage.Objects.Get request = client.objects().get(bucket, key);
    if (!etag.isEmpty()) {
      long generation = Long.parseLong(etag);
      request =
          versioned ? request.setGeneration(generation) : request.setIfGenerationMatch(generation);
    }
    if (offset > 0) {
      request.getRequestHeaders().setRange("bytes=" + offset + "-");
    }
    return got(request.executeMedia());
  }

  @Override
  public Got getUnless(String key, String etag) throws IOException {
    Storage.Objects.Get request = client.objects().get(bucket, key);
    if (!etag.isEmpty()) {
      request.setIfGenerationNotMatch(Long.parseLong(etag));
    }
    return got(request.executeMedia());
  }

  private static Got got(HttpResponse response) throws IOException {
    HttpHeaders headers = response.getHeaders();
    Long length = headers.getContentLength();
    Matcher range = RANGE.matcher(text(headers.getContentRange()));
    boolean isPart = range.matches();
    return new Got(
        new Transfer(
            response.getContent(),
            isPart ? Long.parseLong(range.group(1)) : 0,
            isPart ? Long.parseLong(range.group(2)) : length == null ? -1 : length),
        text(headers.getFirstHeaderStringValue("x-goog-generation")));
  }

  @Override
  public Page list(String prefix, boolean deep, String from) throws IOException {
    Storage.Objects.List request =
        client
            .objects()
            .list(bucket)
            .setPrefix(prefix)
            .setMaxResults((long) sizes.pageKeys())
            .setFields("items(name,size,generation),prefixes,nextPageToken");
    if (!deep) {
      request.setDelimiter("/");
    }
    if (!from.isEmpty()) {
      request.setPageToken(from);
    }
    Objects response = request.execute();
    List<Entry> objects = new ArrayList<>();
    if (response.getItems() != null) {
      for (StorageObject object : response.getItems()) {
        objects.add(
            new Entry(
                object.getName(),
                object.getSize().longValueExact(),
                Long.toString(object.getGeneration())));
      }
    }
    List<String> directories = response.getPrefixes();
    return new Page(
        objects, directories == null ? List.of() : directories, text(response.getNextPageToken()));
  }

  @Override
  public void put(String key, byte[] content, Condition condition) throws IOException {
    Storage.Objects.Insert request = insert(key, new ByteArrayContent(TYPE, content));
    switch (condition) {
      case Condition.Any any -> {}
      case Condition.Absent absent -> request.setIfGenerationMatch(0L);
      case Condition.Matches(String etag) -> request.setIfGenerationMatch(Long.parseLong(etag));
    }
    request.getMediaHttpUploader().setDirectUploadEnabled(true);
    request.execute();
  }

  private Storage.Objects.Insert insert(String key, AbstractInputStreamContent content)
      throws IOException {
    Storage.Objects.Insert request =
        client.objects().insert(bucket, new StorageObject().setName(key), content);
    request.setName(key);
    request.setFields("generation");
    request.setDisableGZipContent(true); // Models hardly shrink, and the time is theirs.
    return request;
  }

  @Override
  public void upload(String key, Path file, String call, Requests requests, LongConsumer done) {
    FileContent content = new FileContent(TYPE, file.toFile());
    requests.send(
        call,
        true,
        () -> {
          Storage.Objects.Insert request = insert(key, content);
          MediaHttpUploader uploader = request.getMediaHttpUploader();
          uploader.setChunkSize(sizes.chunkBytes());
          uploader.setDirectUploadEnabled(content.getLength() <= sizes.chunkBytes());
          uploader.setProgressListener(progress -> done.accept(progress.getNumBytesUploaded()));
          return request.execute();
        });
  }

  @Override
  public void delete(String key) throws IOException {
    client.objects().delete(bucket, key).execute();
  }

  @Override
  public Optional<Trouble> explain(Exception e) {
    if (e instanceof HttpResponseException answered) {
      String retryAfter =
          answered.getHeaders() == null ? "" : text(answered.getHeaders().getRetryAfter());
      boolean isNoSuchObject =
          answered.getStatusCode() == 404 && text(answered.getContent()).contains(NO_SUCH_OBJECT);
      return Optional.of(
          new Trouble.Answered(answered.getStatusCode(), "", retryAfter, isNoSuchObject));
    }
    return Optional.empty();
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  @Override
  public void close() {}
}
