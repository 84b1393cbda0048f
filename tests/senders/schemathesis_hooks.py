"""What schemathesis must know of this API besides its description."""
import os
import uuid

import schemathesis

schemathesis.serializer.alias("application/x-protobuf", "application/octet-stream")

PROJECT = os.environ["PROJECT"]


def aimed(context, fields):
    """Aims what names a project well at one that has a Cockpit; anything else stays as it is."""
    try:
        uuid.UUID(fields["project_id"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return fields
    return {**fields, "project_id": PROJECT}


@schemathesis.hook
def map_body(context, body):
    return aimed(context, body) if isinstance(body, dict) else body


@schemathesis.hook
def map_query(context, query):
    return aimed(context, query) if query else query


@schemathesis.hook
def before_call(context, case, kwargs):
    """The Cockpit must stay, so what would deactivate it is about another project."""
    if case.operation.path.endswith("/deactivate") and isinstance(case.body, dict):
        if case.body.get("project_id") == PROJECT:
            case.body = {**case.body, "project_id": str(uuid.UUID(int=1))}
