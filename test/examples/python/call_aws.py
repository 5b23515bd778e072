"""Calls AWS as each line of standard input says, and answers with a line: {"service", "operation", "arguments"}."""

import json
import sys

import boto3

clients = {}
for line in sys.stdin:
    call = json.loads(line)
    service = call["service"]
    if service not in clients:
        clients[service] = boto3.client(service, region_name="us-east-1")
    answer = getattr(clients[service], call["operation"])(**call["arguments"])
    print(json.dumps(answer, default=str), flush=True)
