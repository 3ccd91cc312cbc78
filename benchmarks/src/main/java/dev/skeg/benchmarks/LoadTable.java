package dev.skeg.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;

/** Results as text for people, and as JSON for programs. */
final class LoadTable {
  private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);

  private LoadTable() {}

  static String text(List<LoadResult> results) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%14s %11s %11s %10s %10s %10s %10s %10s %8s %8s%n",
            "load",
            "answers/s",
            "goodput/s",
            "p50 us",
            "p90 us",
            "p99 us",
            "p99.9 us",
            "max us",
            "errors",
            "late"));
    for (LoadResult result : results) {
      text.append(
          String.format(
              Locale.ROOT,
              "%14s %11.0f %11.0f %10.0f %10.0f %10.0f %10.0f %10.0f %8d %8d%n",
              load(result.concurrency(), result.rate()),
              result.throughput(),
              result.goodput(),
              result.micros(50),
              result.micros(90),
              result.micros(99),
              result.micros(99.9),
              result.micros(100),
              result.errorCount(),
              result.late()));
    }
    for (LoadResult result : results) {
      String load = load(result.concurrency(), result.rate());
      result
          .errors()
          .forEach((kind, count) ->
              text.append(String.format(Locale.ROOT, "%s: %d × %s%n", load, count, kind)));
    }
    return text.toString();
  }

  /** Returns what the server is loaded with, in few words. */
  static String load(int concurrency, double rate) {
    return concurrency > 0
        ? concurrency + " in flight"
        : (rate % 1 == 0 ? String.valueOf((long) rate) : String.valueOf(rate)) + "/s";
  }

  static String json(List<LoadResult> results) throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    ArrayNode all = mapper.createArrayNode();
    for (LoadResult result : results) {
      ObjectNode node = all.addObject();
      node.put("concurrency", result.concurrency());
      node.put("rate", result.rate());
      node.put("throughput", result.throughput());
      node.put("goodput", result.goodput());
      ObjectNode latency = node.putObject("latency_us");
      for (double percentile : PERCENTILES) {
        latency.put(
            "p" + (percentile % 1 == 0 ? "" + (int) percentile : "" + percentile),
            result.micros(percentile));
      }
      latency.put("max", result.micros(100));
      latency.put("count", result.latency().getTotalCount());
      node.put("late", result.late());
      ObjectNode errors = node.putObject("errors");
      result.errors().forEach(errors::put);
      node.put("lost", result.lost());
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all);
  }
}
