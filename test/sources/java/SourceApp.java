import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An application that counts: "otlp" with the OpenTelemetry SDK for Java, "page" with Micrometer. Each line of
 * standard input is a command in JSON; "ok" answers it. "page" first prints its port.
 */
public class SourceApp {
  interface Command {
    void run(String line) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("page")) page();
    else otlp();
  }

  static void otlp() throws Exception {
    var sdk = AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
    var meter = sdk.getMeter("shop");
    var requests = meter.counterBuilder("app.requests").build();
    var hosts = meter.upDownCounterBuilder("app.hosts").build();
    var seconds = meter.histogramBuilder("app.seconds").build();
    each(
        line -> {
          if (line.contains("\"add\""))
            requests.add(
                number(line, "add"), Attributes.of(AttributeKey.stringKey("kind"), text(line, "kind")));
          else if (line.contains("\"hosts\"")) hosts.add(number(line, "hosts"));
          else if (line.contains("\"seconds\"")) seconds.record(number(line, "seconds"));
          else sdk.getSdkMeterProvider().forceFlush().join(30, TimeUnit.SECONDS);
        });
    sdk.getSdkMeterProvider().shutdown().join(30, TimeUnit.SECONDS);
    System.exit(0);
  }

  static void page() throws Exception {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new UptimeMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    var hosts = registry.gauge("app.hosts", new AtomicLong());
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          var accept = exchange.getRequestHeaders().getFirst("accept");
          var isOpen = accept.contains("openmetrics");
          var type = isOpen ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
          var body = registry.scrape(type).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("content-type", type);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    System.out.println(server.getAddress().getPort());
    each(
        line -> {
          Counter.builder("app.requests")
              .description("Requests, with a \"remark\" \\ and a\nsecond line")
              .tags("kind", text(line, "kind"), "tenant", "a \"b\" \\ c")
              .register(registry)
              .increment(number(line, "add"));
          hosts.set(number(line, "add"));
        });
    System.exit(0);
  }

  static void each(Command command) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      command.run(line);
      System.out.println("ok");
    }
  }

  static long number(String line, String name) {
    return Long.parseLong(find(line, "\"" + name + "\":(-?\\d+)"));
  }

  static String text(String line, String name) {
    return find(line, "\"" + name + "\":\"([a-z]+)\"");
  }

  static String find(String line, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(line);
    if (!matcher.find()) throw new IllegalArgumentException(line);
    return matcher.group(1);
  }
}
