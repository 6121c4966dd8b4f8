"""The local cloud: it answers one request at a time, and refuses web pages."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from local import cloud

Start = Callable[..., Any]


def test_requests_wait_for_each_other_but_receive_message_does_not() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if environ["name"] == "first":
            inside.set()
            assert go_on.wait(30)
        order.append(environ["name"])
        return [b""]

    order: list[str] = []
    guarded = cloud.guard(app)

    def ask(name: str, target: str) -> threading.Thread:
        environ = {"name": name, "HTTP_X_AMZ_TARGET": target}
        thread = threading.Thread(target=guarded, args=(environ, lambda *_: None))
        thread.start()
        return thread

    first = ask("first", "DynamoDB_20120810.UpdateItem")
    assert inside.wait(30)
    second = ask("second", "DynamoDB_20120810.UpdateItem")
    ask("receive", "AmazonSQS.ReceiveMessage").join(30)
    assert order == ["receive"]
    go_on.set()
    first.join(30)
    second.join(30)
    assert order == ["receive", "first", "second"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_web_page_is_refused(origin: str) -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        raise AssertionError

    said: list[str] = []
    body = cloud.guard(app)({"HTTP_ORIGIN": origin}, lambda status, _: said.append(status))
    assert (said, list(body)) == (["403 Forbidden"], [b"Not for web pages.\n"])
