"""The paths of the page in the OpenAPI document, and the one that leads to it."""

from typing import Any

from chalicelib.api import operations, page, schemas


def paths() -> dict[str, Any]:
    """Give ``/`` and every path of the page."""
    version = operations.query("v", schemas.TEXT, "The version of the file, as the page names it")
    css, html, js = (page.TYPES[it] for it in (".css", ".html", ".js"))
    headers = (*page.HEADERS, "ETag")
    file = operations.text(
        "A file of the page", css, js, headers=headers, statuses=(404,), parameters=[version]
    )
    return {
        "/": {"get": _versions()},
        "/page/": {"get": operations.text("The page, for people", html, headers=headers)},
        "/page/{name}": {"parameters": [operations.in_path("name", schemas.TEXT)], "get": file},
    }


def _versions() -> dict[str, Any]:
    headers = ("Link", "Vary")
    found = operations.get("The versions; browsers are led to the page", "Index", headers=headers)
    led = operations.answer("Index", (*headers, "Location"), "Where Accept names text/html")
    found["responses"]["303"] = led
    return found
