"""Reports usage to the sidecar: report.py <dimension> <quantity>. Needs Python 3.9 or later and no package."""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("SIDECAR_URL", "http://localhost:7070") + "/v1/usage"
ATTEMPTS = 9
# Without this, urllib sends the request to a proxy that the environment names.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def report(dimension, quantity):
    """Returns once the usage is on the sidecar's disk."""
    # One key for each report. The sidecar counts it once, however often the request is repeated.
    report = {"dimension": dimension, "quantity": quantity, "idempotencyKey": str(uuid.uuid4())}
    body = json.dumps(report).encode()
    for attempt in range(1, ATTEMPTS + 1):
        status, detail, wait = post(body)
        if status == 200:
            return
        is_passing = status in (0, 408, 429) or status >= 500
        # 400 is final: the same report would be refused again.
        if not is_passing or attempt == ATTEMPTS:
            raise RuntimeError(f"the usage was not acknowledged: {detail}")
        time.sleep(float(wait) if wait else min(10, 0.2 * 2**attempt))


def post(body):
    request = urllib.request.Request(URL, body, {"Content-Type": "application/json"})
    try:
        try:
            answer = opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read().decode(), answer.headers.get("Retry-After")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error), None


if __name__ == "__main__":
    try:
        report(sys.argv[1], float(sys.argv[2]))
    except RuntimeError as error:
        sys.exit(str(error))
