"""An application that counts with the OpenTelemetry SDK for Python. Each line of standard input is a command in
JSON; "ok" answers it."""

import json
import sys

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=3_600_000)
provider = MeterProvider(metric_readers=[reader])
meter = provider.get_meter("shop")
requests = meter.create_counter("app.requests")
hosts = meter.create_up_down_counter("app.hosts")
seconds = meter.create_histogram("app.seconds")

for line in sys.stdin:
    command = json.loads(line)
    if "add" in command:
        requests.add(command["add"], {"kind": command["kind"]})
    elif "hosts" in command:
        hosts.add(command["hosts"])
    elif "seconds" in command:
        seconds.record(command["seconds"])
    else:
        provider.force_flush()
    print("ok", flush=True)
provider.shutdown()
