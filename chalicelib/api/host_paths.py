"""The paths about hosts in the OpenAPI document."""

from typing import Any

from chalicelib.api import host_params, host_schemas, operations, schemas
from chalicelib.api.schemas import Schema, between
from chalicelib.hosts import model


def paths() -> dict[str, Any]:
    """Give every path about hosts."""
    listing = [
        operations.query(
            "limit", between(1, host_params.MAX_HOSTS, host_params.HOSTS), "Hosts in a page"
        ),
        operations.query(
            "name", {"type": "string", "pattern": model.GLOB}, "Only these, such as web-*"
        ),
        operations.query("state", host_schemas.STATE, "Only those in this state"),
        operations.flag("detail"),
        operations.query("after", host_schemas.NAME, "The last name of the page before"),
    ]
    added = operations.operation(
        "Add a host",
        "Host",
        statuses=(403, 409, 503),
        login=True,
        body=operations.body("NoFields", {}, required=False),
        more=(413, 415),
    )
    added["responses"]["201"] = operations.answer("Host", ("Location",), "Created")
    removed = operations.operation(
        "Remove a host", None, statuses=(403, 404, 503), login=True, ok="204"
    )
    return {
        "/v3/hosts/": {
            "get": operations.get("The hosts by name", "Hosts", 503, login=True, query=listing)
        },
        "/v3/hosts/{name}": {
            "parameters": [operations.in_path("name", schemas.TEXT)],
            "get": operations.get("Look at a host", "Host", 404, 503, login=True),
            "put": added,
            "delete": removed,
        },
    }


def host(description: str) -> Schema:
    """Describe the parameter that names a host."""
    return operations.query("host", host_schemas.NAME, description)


def of_task() -> list[Schema]:
    """Describe the parameters by which a create asks for a host."""
    within = "Seconds within which the host must begin it"
    return [
        host("Which host shall measure it; without it any worker may"),
        operations.query("start_within", host_schemas.START_WITHIN, within),
    ]
