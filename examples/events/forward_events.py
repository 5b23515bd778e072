"""Forwards the events of AWS Marketplace from a queue of SQS to the sidecar: forward_events.py <url of the queue>.

Runs next to the sidecar, in the same task or pod. Needs Python 3.9 or later and requirements.txt. The queue is
that of deploy/saas-events.yaml: only AWS Marketplace can send to it, so no signature is checked here.
"""

import http.client
import os
import signal
import sys
import threading
import urllib.error
import urllib.request

import boto3
from botocore.exceptions import BotoCoreError, ClientError

URL = os.environ.get("SIDECAR_URL", "http://localhost:7070") + "/v1/events"
TOKEN_FILE = os.environ.get("SIDECAR_API_TOKEN_FILE")
# AWS Marketplace sends its events in this region, wherever the product runs.
REGION = os.environ.get("QUEUE_REGION", "us-east-1")
WAIT_SECONDS = int(os.environ.get("QUEUE_WAIT_SECONDS", "20"))
# How long a received message is hidden from other forwarders. It is prolonged while the sidecar is away.
HIDDEN_SECONDS = int(os.environ.get("QUEUE_HIDDEN_SECONDS", "60"))
RETRY_SECONDS = float(os.environ.get("RETRY_SECONDS", "2"))
# Without this, urllib sends the request to a proxy that the environment names.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
stopping = threading.Event()


def forward_all(queue_url):
    queue = boto3.client("sqs", region_name=REGION)
    while not stopping.is_set():
        try:
            forward_some(queue, queue_url)
        except (BotoCoreError, ClientError) as error:
            # What was received and not deleted comes again.
            print(f"the queue: {error}", file=sys.stderr, flush=True)
            stopping.wait(RETRY_SECONDS)


def forward_some(queue, queue_url):
    answer = queue.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=WAIT_SECONDS,
        VisibilityTimeout=HIDDEN_SECONDS,
    )
    messages = answer.get("Messages", [])
    while messages and not stopping.is_set():
        if forward(queue, queue_url, messages):
            messages.pop(0)


def forward(queue, queue_url, messages):
    """Forwards the first message. Returns whether it is done with."""
    message = messages[0]
    # SQS keeps no order, and none is needed: the sidecar goes by the times in the events.
    status, detail = post(message["Body"])
    print(f"{message['MessageId']}: {status} {detail}", flush=True)
    if status in (400, 413):
        # The same message would be refused again. It stays in the queue, which moves it to the other queue.
        return True
    if status != 200:
        # The sidecar is away, or its token is wrong. No message is given back, so that none is moved for that.
        keep_hidden(queue, queue_url, messages)
        stopping.wait(RETRY_SECONDS)
        return False
    # Only now: a forwarder that dies before this line receives the message again, and the sidecar knows its id.
    queue.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return True


def keep_hidden(queue, queue_url, messages):
    for message in messages:
        queue.change_message_visibility(
            QueueUrl=queue_url,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=HIDDEN_SECONDS,
        )


def post(body):
    headers = {"Content-Type": "application/json"}
    if TOKEN_FILE:
        with open(TOKEN_FILE, encoding="utf-8") as file:
            headers["Authorization"] = f"Bearer {file.read().strip()}"
    request = urllib.request.Request(URL, body.encode(), headers)
    try:
        try:
            answer = opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)


if __name__ == "__main__":
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    forward_all(sys.argv[1])
