"""A server that answers every request at once, for what is started cold beside it."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator

from local import stage


@contextlib.contextmanager
def serving(answer: Callable[[bytes], object]) -> Iterator[str]:
    """Run such a server while the context lasts; give its URL.

    `answer` gives the document for the body of a request. It is sent as JSON.
    """
    handler = type("_Handler", (_Handler,), {"answer": staticmethod(answer)})
    with http.server.ThreadingHTTPServer((stage.LOOPBACK, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{stage.LOOPBACK}:{server.server_port}"
        server.shutdown()


class _Handler(http.server.BaseHTTPRequestHandler):
    answer: Callable[[bytes], object]
    protocol_version = "HTTP/1.1"
    # Send header and body together: two small packets would wait 40 ms for a delayed ACK.
    wbufsize = -1

    def _answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        raw = json.dumps(self.answer(asked)).encode()
        self.send_response(200)
        # Clients of AWS do not mind the other kinds of JSON.
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        pass
