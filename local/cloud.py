"""The local cloud: moto as a server, with what it lacks for more than one client at a time."""

import gc
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from cheroot import wsgi
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local import stage, supervision

_THREADS = 64
_BACKLOG = 1024

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def guard(app: WsgiApp) -> WsgiApp:
    """`app` behind one lock, and closed to web pages.

    moto has no locks of its own: of 80 claims by 16 clients at once 5 were won twice. Only
    ReceiveMessage stays outside, for it waits. And it would let any page in that a browser
    shows: requests that bear an ``Origin`` are refused.
    """
    lock = threading.Lock()

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_ORIGIN" in environ:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"Not for web pages.\n"]
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
            return app(environ, start_response)
        with lock:
            return list(app(environ, start_response))

    return guarded


def moto() -> WsgiApp:
    """All of moto. Its own dispatcher lists its folder of backends for each request, so requests
    for the two that are asked all the time go there straight.
    """
    busy: dict[str, WsgiApp] = {
        "DynamoDB_20120810": create_backend_app("dynamodb"),
        "AmazonSQS": create_backend_app("sqs"),
    }
    others = DomainDispatcherApplication(create_backend_app)

    def dispatch(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[0]
        return busy.get(service, others)(environ, start_response)

    return dispatch


def server(port: int) -> wsgi.Server:
    """The server of a new local cloud; its data lives in memory."""
    app, address = guard(moto()), (stage.LOOPBACK, port)
    return wsgi.Server(address, app, numthreads=_THREADS, request_queue_size=_BACKLOG)


def make_resources() -> None:
    """Make the data stack of the local stage in the cloud that the environment names."""
    template = (stage.PROJECT / ".chalice" / "resources.json").read_text()
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName=f"hoststat-{stage.LOCAL}-data",
        TemplateBody=template,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": stage.LOCAL}],
    )


def main() -> None:
    """Serve until SIGTERM."""
    supervision.end_with_parent()
    stage.enter()
    # moto says of each resource that it does not make that it does not: alarms, here.
    warnings.filterwarnings("ignore", "Tried to parse")
    logging.getLogger("moto").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serving = server(stage.cloud_port(stage.port(os.environ)))
    # Making the stack imports nearly all of moto. The collector would look through its 170,000
    # objects again and again, for 150 ms, while everybody waits.
    create_backend_app("cloudformation")
    gc.freeze()
    try:
        serving.start()
    finally:
        serving.stop()


if __name__ == "__main__":
    main()
