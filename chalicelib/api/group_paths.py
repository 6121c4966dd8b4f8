"""The paths about groups in the OpenAPI document."""

from typing import Any

from chalicelib.api import group_schemas, operations, params, schemas
from chalicelib.api.schemas import between


def paths() -> dict[str, Any]:
    """Give every path about groups."""
    create = operations.operation(
        "Ask many hosts",
        "CreatedGroup",
        statuses=(403, 404, 409, 422, 503),
        login=True,
        ok="201",
        parameters=[operations.idempotency_key()],
        body=operations.body("NewGroup", group_schemas.NEW_GROUP, form=""),
        more=(413, 415),
        headers=("Location",),
    )
    look = [
        operations.flag("detail", "Say more"),
        operations.flag("text", "The text of each report as well; needs detail=1"),
        operations.query("since", group_schemas.PROGRESS, "The next of the answer before"),
        operations.query(
            "timeout", between(0, params.MAX_TIMEOUT, 0), "Seconds to wait for something new"
        ),
    ]
    show = operations.get(
        "Look at a group",
        "Group",
        404,
        503,
        login=True,
        query=look,
        headers=("Retry-After", "Link"),
    )
    cancel = operations.operation(
        "Cancel a group", None, statuses=(403, 404, 409, 503), login=True, ok="204"
    )
    one = {"parameters": [operations.in_path("group_id", schemas.TEXT)]}
    return {
        "/v3/group/": {"post": create},
        "/v3/group/{group_id}": {**one, "get": show, "delete": cancel},
    }
