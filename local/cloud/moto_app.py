"""moto's own door: its WSGI applications, asked without a server between."""

import io
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import create_backend_app

from local.cloud import guard
from local.cloud.answers import Answer
from local.cloud.request import Request

#: Made here: to make one imports what it needs, and for CloudFormation that is most of moto.
_APPS = {name: create_backend_app(name) for name in ("dynamodb", "sqs", "cloudformation")}

#: The server says how long an answer is, and no web page is allowed to read one.
_LEFT_OUT = ("content-length", "access-control-")


def answer(request: Request) -> Answer:
    """Ask moto. Raises KeyError for a service that `guard` does not let in."""
    app = _APPS[guard.service(request.path, request.headers) or ""]
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        begun.append((status, headers))
        return bytes

    body = b"".join(app(_environ(request), start))
    status, headers = begun[-1]
    kept = {k: v for k, v in headers if not k.lower().startswith(_LEFT_OUT)}
    return int(status.split()[0]), kept, body


def _environ(request: Request) -> dict[str, Any]:
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()
    }
    return environ | {
        "CONTENT_LENGTH": str(len(request.body)),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.multiprocess": False,
        "wsgi.multithread": False,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
