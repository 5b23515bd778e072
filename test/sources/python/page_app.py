"""An application that counts with Python's prometheus_client and shows its page, in the format that is asked
for. It prints its port; a line of standard input is what to count."""

import json
import sys

from prometheus_client import Counter, Gauge, start_http_server

requests = Counter("app_requests", 'Requests, with a "remark" \\ and a\nsecond line', ["kind", "tenant"])
hosts = Gauge("app_hosts", "Hosts")
server, _ = start_http_server(0, "127.0.0.1")
print(server.server_port, flush=True)
for line in sys.stdin:
    command = json.loads(line)
    requests.labels(kind=command["kind"], tenant='a "b" \\ c').inc(command["add"])
    hosts.set(command["add"])
    print("ok", flush=True)
