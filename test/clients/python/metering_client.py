"""Makes the calls that it reads from standard input, one JSON object per line, with boto3, and answers
each with a line. Region, credentials and endpoint come from the environment."""

import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def perform(call):
    client = boto3.client(
        "meteringmarketplace",
        region_name=call.get("region"),
        config=Config(parameter_validation=not call.get("unchecked", False)),
    )
    method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", call["operation"]).lower())
    try:
        output = method(**call["input"])
        metadata = output.pop("ResponseMetadata")
        answer = {"output": output}
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        answer = {
            "error": {
                "type": type(error).__name__,
                "code": error.response["Error"]["Code"],
                "message": error.response["Error"]["Message"],
            }
        }
    answer["status"] = metadata["HTTPStatusCode"]
    answer["requestId"] = metadata.get("RequestId")
    return answer


for line in sys.stdin:
    print(json.dumps(perform(json.loads(line)), default=lambda value: value.isoformat()), flush=True)
