package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@link Challenge} makes of WWW-Authenticate. */
final class ChallengeTest {
  @Test
  void readsABearerChallengeWhoseScopeHasCommas() {
    assertThat(
            Challenge.parse(
                List.of(
                    "Bearer realm=\"https://auth.example.org/token\",service=\"registry\","
                        + "scope=\"repository:team/fraud:pull,push\"")))
        .containsExactly(
            new Challenge(
                "bearer",
                Map.of(
                    "realm",
                    "https://auth.example.org/token",
                    "service",
                    "registry",
                    "scope",
                    "repository:team/fraud:pull,push")));
  }

  @Test
  void readsSeveralChallengesOfOneHeaderAndOfSeveral() {
    List<Challenge> challenges =
        Challenge.parse(
            List.of("Negotiate, Basic realm=\"a \\\"b\\\"\" , charset=UTF-8", "BEARER Realm=x"));

    assertThat(challenges)
        .containsExactly(
            new Challenge("negotiate", Map.of()),
            new Challenge("basic", Map.of("realm", "a \"b\"", "charset", "UTF-8")),
            new Challenge("bearer", Map.of("realm", "x")));
  }

  @Test
  void endsWhereAHeaderIsMalformed() {
    assertThat(Challenge.parse(List.of("", ",,,", "Basic realm=\"open", "=")))
        .extracting(Challenge::scheme)
        .contains("basic");
  }
}
