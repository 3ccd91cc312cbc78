package dev.skeg.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

/** One event, one line. */
final class LineEncoderTest {
  private final LoggerContext context = new LoggerContext();

  @Test
  void anEventIsOneJsonObjectOnOneLineWhateverIsInIt() throws Exception {
    LoggingEvent event =
        event("a \"quoted\"\nmessage", new IllegalStateException("line 1\nline 2"));
    event.addKeyValuePair(new KeyValuePair("model", "lo\"an"));
    event.addKeyValuePair(new KeyValuePair("millis", 12L));

    String line = new String(new LineEncoder(true).encode(event), StandardCharsets.UTF_8);

    assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.get("message").asText()).isEqualTo("a \"quoted\"\nmessage");
    assertThat(json.get("level").asText()).isEqualTo("WARN");
    assertThat(json.get("model").asText()).isEqualTo("lo\"an");
    assertThat(json.get("millis").isNumber()).isTrue();
    assertThat(json.get("exception").asText()).contains("line 2").contains("LineEncoderTest");
  }

  @Test
  void textHasTheKeysBehindTheMessage() {
    LoggingEvent event = event("Version is ready", null);
    event.addKeyValuePair(new KeyValuePair("model", "loan"));

    assertThat(new String(new LineEncoder(false).encode(event), StandardCharsets.UTF_8))
        .endsWith(" WARN Some: Version is ready model=loan\n");
  }

  private LoggingEvent event(String message, @Nullable Throwable thrown) {
    return new LoggingEvent(
        "test", context.getLogger("dev.skeg.Some"), Level.WARN, message, thrown, null);
  }
}
