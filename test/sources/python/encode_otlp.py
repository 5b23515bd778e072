"""Encodes requests of OTLP with Google's library, for the reader of the sidecar to read: each line of standard
input is the JSON form of one, and the answer is its bytes in base64."""

import base64
import sys

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

for line in sys.stdin:
    request = Parse(line, ExportMetricsServiceRequest())
    print(base64.b64encode(request.SerializeToString()).decode(), flush=True)
