"""HTTP on a laptop: Chalice's own local gateway, with the faults of its server mended."""

import functools
import os
import re
import uuid
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from chalice import Chalice, local
from chalice.cli.factory import CLIFactory
from chalice.config import Config

from chalicelib import errors
from chalicelib.api import middleware, problems
from local import stage, supervision

#: Bytes that API Gateway takes; what is longer never reaches the app there either.
_MAX_BYTES = 10 * 1024 * 1024
#: Seconds that a connection may be idle.
_IDLE_SECONDS = 75
#: Defects of the headers themselves; others are of bodies that were not read with them.
_BROKEN = (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


class Gateway(local.LocalGateway):
    """API Gateway's part."""

    def _has_user_defined_options_method(self, lambda_event: dict[str, Any]) -> bool:
        # Without CORS there is nothing to say to OPTIONS: the app refuses it like any other.
        return True


class Handler(local.ChaliceRequestHandler):
    """One connection."""

    # Header and body in one packet, at once: two small ones wait 40 ms for a delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def __init__(self, gateway: Gateway, *args: Any) -> None:
        self.local_gateway = gateway
        BaseHTTPRequestHandler.__init__(self, *args)

    def handle_one_request(self) -> None:
        """Answer the next request; until its headers are read there are none."""
        self.headers = Message()
        super().handle_one_request()

    def _generic_handle(self) -> None:
        refusal = self._refusal()
        if refusal is not None:
            self.close_connection = True
            self._send_problem(*refusal)
            return
        headers, body = self._parse_payload()
        if len(body or b"") < int(self.headers.get("content-length", "0")):
            # The client gave up in the middle: what is there is not what it meant.
            self.close_connection = True
            return
        try:
            response = self.local_gateway.handle_request(
                method=self.command, path=self.path, headers=headers, body=body
            )
        except (local.LocalGatewayException, UnicodeEncodeError):
            # An unknown path: Chalice's words for it are a 403 that quotes the credentials, if
            # it can.
            self._send_problem(404, str(errors.NoSuchPath()))
        else:
            self._send(response)

    def _refusal(self) -> tuple[int, str] | None:
        """What is wrong with a request that must not get any further."""
        hosts = self.headers.get_all("host", [])
        if len(hosts) > 1 or any(isinstance(it, _BROKEN) for it in self.headers.defects):
            # What follows a broken line is lost, the length of the body perhaps.
            return 400, "The headers cannot be read."
        if hosts and not _LOOPBACK_HOST.fullmatch(hosts[0]):
            return 403, "This laptop answers only to names of its own, such as localhost."
        if "transfer-encoding" in self.headers:
            return 411, "A body needs a Content-Length here."
        lengths = self.headers.get_all("content-length", ["0"])
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,20}", lengths[0]):
            return 400, "Content-Length must be one number."
        if int(lengths[0]) > _MAX_BYTES:
            return 413, str(errors.BodyTooLarge())
        if not self.path.startswith("/"):
            return 404, str(errors.NoSuchPath())
        return None

    def _send_problem(self, status: int, detail: str) -> None:
        headers = middleware.headers(middleware.request_id_of(self.headers, str(uuid.uuid4())))
        self._send(problems.problem(status, detail, headers).to_dict())

    def _send(self, response: dict[str, Any]) -> None:
        status, body = response["statusCode"], (response["body"] or "").encode()
        self.send_response(status)
        for name, value in {**response["headers"], **response["multiValueHeaders"]}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle

    def __getattr__(self, name: str) -> Any:
        """Any other method: the app knows what a path answers to it."""
        if name.startswith("do_"):
            return self._generic_handle
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the server itself finds wrong, in the shape of all errors."""
        self.close_connection = True
        self._send_problem(code, f"{message or HTTPStatus(code).phrase}.")

    def handle_expect_100(self) -> bool:
        """Let a body come; the buffer must not keep that word back."""
        go_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def version_string(self) -> str:
        """The Server header: whose server it is need not be known to the letter."""
        return "hoststat"

    def log_message(self, *_: object) -> None:
        """Say nothing: the app logs its answers."""


class Server(local.ThreadedHTTPServer):
    """Many connections."""

    # Five, by default: of 100 clients at once most wait a second to be let in.
    request_queue_size = 1024
    daemon_threads = True


def server(app: Chalice, config: Config, port: int) -> Server:
    """The server of `app`, which is given a current request for each thread."""
    app.__class__ = local.LocalChalice
    handler = functools.partial(Handler, Gateway(app, config))
    return Server((stage.LOOPBACK, port), handler)


def main() -> None:
    """Serve until SIGTERM."""
    supervision.end_with_parent()
    stage.enter()
    factory = CLIFactory(str(stage.PROJECT))
    config = factory.create_config_obj(chalice_stage_name=stage.LOCAL)
    server(factory.load_chalice_app(), config, stage.port(os.environ)).serve_forever()


if __name__ == "__main__":
    main()
