import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;

/** Reports usage to the sidecar: java Report.java <dimension> <quantity>. Needs Java 11 or later. */
public final class Report {
  private static final int ATTEMPTS = 9;
  private static final URI SIDECAR =
      URI.create(
          System.getenv().getOrDefault("SIDECAR_URL", "http://localhost:7070") + "/v1/usage");

  /** HTTP/1.1 and no proxy: the sidecar is on this machine. */
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .proxy(ProxySelector.of(null))
          .build();

  /** Returns once the usage is on the sidecar's disk. */
  static void report(String dimension, String quantity) throws InterruptedException, IOException {
    // One key for each report. The sidecar counts it once, however often the request is repeated.
    String body =
        String.format(
            "{\"dimension\":\"%s\",\"quantity\":%s,\"idempotencyKey\":\"%s\"}",
            dimension, quantity, UUID.randomUUID());
    HttpRequest request =
        HttpRequest.newBuilder(SIDECAR)
            .timeout(Duration.ofSeconds(10))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    for (int attempt = 1; ; attempt++) {
      int status = 0;
      String detail;
      long waitMs = Math.min(10_000L, 200L << attempt);
      try {
        HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        status = answer.statusCode();
        detail = answer.body();
        waitMs =
            answer.headers().firstValue("Retry-After").map(s -> 1000 * Long.parseLong(s)).orElse(waitMs);
      } catch (IOException error) {
        detail = error.toString();
      }
      if (status == 200) return;
      boolean isPassing = status == 0 || status == 408 || status == 429 || status >= 500;
      // 400 is final: the same report would be refused again.
      if (!isPassing || attempt == ATTEMPTS)
        throw new IOException("the usage was not acknowledged: " + detail);
      Thread.sleep(waitMs);
    }
  }

  public static void main(String[] args) throws InterruptedException {
    try {
      report(args[0], args[1]);
    } catch (IOException error) {
      System.err.println(error.getMessage());
      System.exit(1);
    }
  }
}
