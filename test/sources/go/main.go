// An application that counts: "otlp" with the OpenTelemetry SDK for Go, "page" with Go's Prometheus client. Each
// line of standard input is a command in JSON; "ok" answers it. "page" first prints its port.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

type command struct {
	Add     *int64   `json:"add"`
	Kind    string   `json:"kind"`
	Hosts   *int64   `json:"hosts"`
	Seconds *float64 `json:"seconds"`
}

func main() {
	if os.Args[1] == "page" {
		page()
		return
	}
	otlp()
}

func otlp() {
	ctx := context.Background()
	options := []otlpmetrichttp.Option{}
	if os.Getenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE") == "delta" {
		options = append(options, otlpmetrichttp.WithTemporalitySelector(sdk.DeltaTemporalitySelector))
	}
	exporter, err := otlpmetrichttp.New(ctx, options...)
	check(err)
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewPeriodicReader(exporter)))
	meter := provider.Meter("shop")
	requests, err := meter.Int64Counter("app.requests")
	check(err)
	hosts, err := meter.Int64UpDownCounter("app.hosts")
	check(err)
	seconds, err := meter.Float64Histogram("app.seconds")
	check(err)
	each(func(next command) {
		switch {
		case next.Add != nil:
			requests.Add(ctx, *next.Add, metric.WithAttributes(attribute.String("kind", next.Kind)))
		case next.Hosts != nil:
			hosts.Add(ctx, *next.Hosts)
		case next.Seconds != nil:
			seconds.Record(ctx, *next.Seconds)
		default:
			// What could not be sent is reported, and nothing depends on it here.
			_ = provider.ForceFlush(ctx)
		}
	})
	_ = provider.Shutdown(ctx)
}

func page() {
	requests := promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "app_requests_total",
		Help: "Requests, with a \"remark\" \\ and a\nsecond line",
	}, []string{"kind", "tenant"})
	hosts := promauto.NewGauge(prometheus.GaugeOpts{Name: "app_hosts", Help: "Hosts"})
	handler := promhttp.HandlerFor(prometheus.DefaultGatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() { check(http.Serve(listener, handler)) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	each(func(next command) {
		requests.WithLabelValues(next.Kind, "a \"b\" \\ c").Add(float64(*next.Add))
		hosts.Set(float64(*next.Add))
	})
}

func each(do func(command)) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var next command
		check(json.Unmarshal(lines.Bytes(), &next))
		do(next)
		fmt.Println("ok")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
