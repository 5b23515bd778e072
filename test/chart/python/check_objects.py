"""Checks Kubernetes objects against the schemas of several versions of Kubernetes, fields that no schema has included.

Reads a list of {"name": ..., "versions": [...], "objects": [...]} and prints a list of mistakes, both as JSON.
"""
import json
import sys

import kubernetes_validate
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator
from pydantic import ValidationError


def mistakes_of(item, version):
    if item["apiVersion"] == "monitoring.coreos.com/v1":
        return prometheus_mistakes(item)
    try:
        kubernetes_validate.validate(item, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return ["%s: %s" % (".".join(str(part) for part in error.path), error.message)]
    return []


def prometheus_mistakes(item):
    try:
        model = getattr(prometheus_operator, item["kind"]).model_validate(item)
    except ValidationError as error:
        return [str(error)]
    # The models pass over what they do not know, so it is missing when they are written again.
    known = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [] if known == item else ["not known: %s" % json.dumps(known, sort_keys=True)]


found = [
    "%s: %s %s %s: %s" % (job["name"], version, item["kind"], item["metadata"]["name"], mistake)
    for job in json.load(sys.stdin)
    for version in job["versions"]
    for item in job["objects"]
    for mistake in mistakes_of(item, version)
]
print(json.dumps(found))
