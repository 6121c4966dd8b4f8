"""The fake service on HTTP: logins, faults, and what `fake_service.Fake` answers."""

import base64
import contextlib
import http.server
import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.fake_service import LOGIN, Fake, problem
from tests.support.processes import DEADLINE


class _Asked(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body together: two small packets would wait for a delayed ACK.
    wbufsize = -1

    def _answer(self) -> None:
        fake: Fake = self.server.fake  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        given: dict[str, Any] = dict(parse_qsl(parts.query))
        given |= json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        fake.asked.append((self.command, parts.path, given))
        time.sleep(fake.latency)
        if fake.faults:
            fault = fake.faults.pop(0)
            if fault is None:
                self.close_connection = True
                return
            status, body = fault
        elif parts.path.startswith("/v3/") and not self._logged_in():
            status, body = problem(401, "Log in.")
        else:
            key = self.headers.get("Idempotency-Key") or str(uuid.uuid4())
            status, body = fake.answer(self.command, parts.path, given, key)
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Request-Id", "request-1")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def _logged_in(self) -> bool:
        login = base64.b64encode(":".join(LOGIN).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {login}"

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(fake: Fake) -> Iterator[str]:
    """Serve a fake while the context lasts; give its URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Asked) as server:
        server.fake = fake  # type: ignore[attr-defined]
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(DEADLINE)
