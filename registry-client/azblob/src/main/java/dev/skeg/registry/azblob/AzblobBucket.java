package dev.skeg.registry.azblob;

import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.rest.PagedFlux;
import com.azure.core.http.rest.PagedResponse;
import com.azure.core.util.BinaryData;
import com.azure.storage.blob.BlobContainerAsyncClient;
import com.azure.storage.blob.models.BlobDownloadAsyncResponse;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.DownloadRetryOptions;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import com.azure.storage.blob.specialized.BlockBlobAsyncClient;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.bucket.Bucket;
import dev.skeg.registry.bucket.Requests;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.published.PublishedTree.Entry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A container of Azure Blob Storage. Validators are ETags. <b>Threads.</b> Any. */
final class AzblobBucket implements Bucket {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");
  private static final HttpHeaderName ERROR_CODE = HttpHeaderName.fromString("x-ms-error-code");
  private static final DownloadRetryOptions ONCE =
      new DownloadRetryOptions().setMaxRetryRequests(0);

  /** A blob may have 50,000; fewer keep the list of them short. */
  private static final int MAX_BLOCKS = 10_000;

  private final BlobContainerAsyncClient client;
  private final String name;
  private final Sizes sizes;

  /**
   * How much goes into one request.
   *
   * @param blockBytes larger files are uploaded in blocks of that size
   * @param pageKeys names in a part of a listing, 1 to 5000
   */
  record Sizes(long blockBytes, int pageKeys) {}

  AzblobBucket(BlobContainerAsyncClient client, String name, Sizes sizes) {
    this.client = client;
    this.name = name;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Got get(String key, long offset, String etag) throws IOException {
    BlobRequestConditions conditions = new BlobRequestConditions();
    if (!etag.isEmpty()) {
      conditions.setIfMatch(etag);
    }
    return got(key, offset, conditions);
  }

  @Override
  public Got getUnless(String key, String etag) throws IOException {
    BlobRequestConditions conditions = new BlobRequestConditions();
    if (!etag.isEmpty()) {
      conditions.setIfNoneMatch(etag);
    }
    return got(key, 0, conditions);
  }

  private Got got(String key, long offset, BlobRequestConditions conditions) throws IOException {
    BlobRange range = offset > 0 ? new BlobRange(offset) : null;
    BlobDownloadAsyncResponse response =
        answer(
            client
                .getBlobAsyncClient(key)
                .downloadStreamWithResponse(range, ONCE, conditions, false));
    HttpHeaders headers = response.getHeaders();
    String length = text(headers.getValue(HttpHeaderName.CONTENT_LENGTH));
    Matcher part = RANGE.matcher(text(headers.getValue(HttpHeaderName.CONTENT_RANGE)));
    boolean isPart = part.matches();
    return new Got(
        new Transfer(
            new FluxStream(response.getValue()),
            isPart ? Long.parseLong(part.group(1)) : 0,
            isPart
                ? Long.parseLong(part.group(2))
                : length.isEmpty() ? -1 : Long.parseLong(length)),
        text(headers.getValue(HttpHeaderName.ETAG)));
  }

  @Override
  public Page list(String prefix, boolean deep, String from) throws IOException {
    ListBlobsOptions options =
        new ListBlobsOptions()
            .setPrefix(prefix)
            .setMaxResultsPerPage(sizes.pageKeys())
            .setDetails(new BlobListDetails().setRetrieveMetadata(true));
    PagedFlux<BlobItem> listing =
        deep ? client.listBlobs(options) : client.listBlobsByHierarchy("/", options);
    Flux<PagedResponse<BlobItem>> pages = from.isEmpty() ? listing.byPage() : listing.byPage(from);
    try (PagedResponse<BlobItem> page = answer(pages.next())) {
      List<Entry> objects = new ArrayList<>();
      List<String> directories = new ArrayList<>();
      for (BlobItem item : page.getValue()) {
        if (Boolean.TRUE.equals(item.isPrefix())) {
          directories.add(item.getName());
        } else if (!isDirectory(item)) {
          String etag = text(item.getProperties().getETag());
          objects.add(
              new Entry(
                  item.getName(),
                  item.getProperties().getContentLength(),
                  // A listing leaves the quotes out that belong to it.
                  etag.startsWith("\"") ? etag : "\"" + etag + "\""));
        }
      }
      return new Page(objects, directories, text(page.getContinuationToken()));
    }
  }

  /** Accounts with real directories list them as empty objects. */
  private static boolean isDirectory(BlobItem item) {
    Map<String, String> metadata = item.getMetadata();
    return metadata != null && "true".equalsIgnoreCase(metadata.get("hdi_isfolder"));
  }

  @Override
  public void put(String key, byte[] content, Condition condition) throws IOException {
    BlobRequestConditions conditions = new BlobRequestConditions();
    switch (condition) {
      case Condition.Any any -> {}
      case Condition.Absent absent -> conditions.setIfNoneMatch("*");
      case Condition.Matches(String etag) -> conditions.setIfMatch(etag);
    }
    answer(
        blocks(key)
            .uploadWithResponse(
                new BlockBlobSimpleUploadOptions(BinaryData.fromBytes(content))
                    .setRequestConditions(conditions)));
  }

  private BlockBlobAsyncClient blocks(String key) {
    return client.getBlobAsyncClient(key).getBlockBlobAsyncClient();
  }

  @Override
  public void upload(String key, Path file, String call, Requests requests, LongConsumer done)
      throws IOException {
    long size = Files.size(file);
    BlockBlobAsyncClient blob = blocks(key);
    if (size <= sizes.blockBytes()) {
      requests.send(
          call,
          true,
          () ->
              answer(
                  blob.uploadWithResponse(
                      new BlockBlobSimpleUploadOptions(BinaryData.fromFile(file)))));
      return;
    }
    long each = Math.max(sizes.blockBytes(), Math.ceilDiv(size, MAX_BLOCKS));
    List<String> ids = new ArrayList<>();
    for (long offset = 0; offset < size; offset += each) {
      long start = offset;
      long length = Math.min(each, size - offset);
      // All of the same length, as Azure wants them.
      byte[] number =
          String.format(Locale.ROOT, "%06d", ids.size()).getBytes(StandardCharsets.US_ASCII);
      String id = Base64.getEncoder().encodeToString(number);
      requests.send(
          call,
          true,
          () -> {
            BinaryData block = BinaryData.fromFile(file, start, length);
            return answer(blob.stageBlock(id, block).thenReturn(id));
          });
      ids.add(id);
      done.accept(start + length);
    }
    // Blocks that are never committed vanish by themselves.
    requests.send(call, true, () -> answer(blob.commitBlockList(ids, true)));
  }

  @Override
  public void delete(String key) throws IOException {
    answer(client.getBlobAsyncClient(key).delete().thenReturn(key));
  }

  /** Waits for what must come: there is one answer to each request. */
  private static <T> T answer(Mono<T> mono) throws IOException {
    T value = mono.block();
    if (value == null) {
      throw new IOException("no answer");
    }
    return value;
  }

  @Override
  public Optional<Trouble> explain(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case HttpResponseException answered when answered.getResponse() != null -> {
          HttpHeaders headers = answered.getResponse().getHeaders();
          String code = text(headers.getValue(ERROR_CODE));
          return Optional.of(
              new Trouble.Answered(
                  answered.getResponse().getStatusCode(),
                  code,
                  text(headers.getValue(HttpHeaderName.RETRY_AFTER)),
                  code.equals("BlobNotFound")));
        }
        case IOException broken -> {
          return Optional.of(new Trouble.Broken(broken));
        }
        case TimeoutException silent -> {
          return Optional.of(new Trouble.Broken(new IOException("timed out", silent)));
        }
        default -> {}
      }
    }
    return Optional.empty();
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  @Override
  public void close() {}
}
