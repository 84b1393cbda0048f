"""What schemathesis must know of this API besides its description."""
import os
import uuid

import schemathesis

schemathesis.serializer.alias("application/x-protobuf", "application/octet-stream")

PROJECT = os.environ["PROJECT"]


def aimed(context, fields):
    """Aims what names a project well at one that has a Cockpit, and must keep it; anything else stays as it is."""
    try:
        uuid.UUID(fields["project_id"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return fields
    return fields if context.operation.path.endswith("/deactivate") else {**fields, "project_id": PROJECT}


@schemathesis.hook
def map_body(context, body):
    return aimed(context, body) if isinstance(body, dict) else body


@schemathesis.hook
def map_query(context, query):
    return aimed(context, query) if query else query
