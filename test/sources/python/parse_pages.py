"""Parses metrics pages with prometheus_client: a JSON line {"format", "page"} in, {"samples"} or {"error"} out."""

import json
import sys

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text


def samples_of(page, parse):
    return [
        [sample.name, dict(sample.labels), repr(float(sample.value))]
        for family in parse(page)
        for sample in family.samples
    ]


for line in sys.stdin:
    job = json.loads(line)
    parse = parse_openmetrics if job["format"] == "openmetrics" else parse_text
    try:
        answer = {"samples": samples_of(job["page"], parse)}
    except Exception as error:  # whatever the parser raises is a refusal
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
