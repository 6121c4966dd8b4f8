"""The gateway under more than it can serve: connections, calls in flight, held answers."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from local.gateway import server
from local.gateway.answers import Answer
from local.gateway.application import Application
from local.gateway.calls import Calls
from local.gateway.requests import Request
from tests.support import gateways
from tests.support.asking import problem
from tests.support.processes import until

_MANY_DESCRIPTORS = 10_000
_TOO_MANY = "Too many requests are in flight here; try again."


class SlowApp:
    """Answers with the query that it was asked; what may wait in the app only when told."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.begun.append(request.target)
        is_slow = request.path.startswith(("/slow", "/v1/iostat", "/v3/uptime"))
        if is_slow and request.query not in ("timeout=0", "host=", "detail=1"):
            self.go_on.wait(60)
        body = request.target.encode()
        return Answer(200, [(b"Content-Length", b"%d" % len(body))], body)


def ask(port: int, path: str) -> tuple[int, bytes, str | None]:
    """Give the status, the body and Retry-After of an answer."""
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(made) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["Retry-After"]


class Asked:
    """A gateway that is asked. It has two quick threads, one more call may wait, one may measure,
    and two answers may be held.
    """

    def __init__(self, app: SlowApp, port: int, quick: Calls) -> None:
        self.app, self.port, self.quick = app, port, quick
        self._clients = ThreadPoolExecutor(20)

    def ask(self, path: str) -> tuple[int, bytes, str | None]:
        """Ask, and give what `ask` gives."""
        return ask(self.port, path)

    def begin(self, *paths: str) -> None:
        """Ask without waiting for the answers, until the app is asked for each."""
        before = len(self.app.begun)
        for path in paths:
            self._clients.submit(self.ask, path)
        assert until(lambda: len(self.app.begun) == before + len(paths))


@contextlib.contextmanager
def gateway(quick: Calls) -> Iterator[Asked]:
    app = SlowApp()
    application = Application(
        app.answer,
        quick=quick,
        measuring=Calls("measuring", threads=1),
        held=Calls("held", threads=2),
    )
    with gateways.serving(server.of_asgi(application, _MANY_DESCRIPTORS)) as port:
        yield Asked(app, port, quick)
        app.go_on.set()


@pytest.fixture
def asked() -> Iterator[Asked]:
    with gateway(Calls("quick", threads=2, waiting=1)) as it:
        yield it


def test_a_call_too_many_is_503_at_once_and_not_begun(asked: Asked) -> None:
    asked.begin("/slow/1", "/slow/2")
    waits = threading.Thread(target=asked.ask, args=["/waits"])
    waits.start()
    assert until(lambda: asked.quick.full)
    status, body, retry_after = asked.ask("/more")
    assert (status, retry_after) == (503, "1")
    assert json.loads(body) == problem(503, "Service Unavailable", _TOO_MANY)
    assert sorted(asked.app.begun) == ["/slow/1", "/slow/2"]
    asked.app.go_on.set()
    waits.join()
    assert asked.ask("/more")[:2] == (200, b"/more")


def test_where_no_thread_can_be_had_a_call_is_503_and_not_begun() -> None:
    def begin(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with gateway(Calls("quick", threads=2, begin=begin)) as asked:
        status, _, retry_after = asked.ask("/quick")
        assert (status, retry_after) == (503, "1")
        assert asked.app.begun == []


def test_a_fault_of_a_call_takes_no_thread_away() -> None:
    async def make() -> list[str]:
        calls = Calls("quick", threads=1)
        said = []
        for fault in (ZeroDivisionError("once"), SystemExit("twice")):
            with pytest.raises(type(fault)) as raised:
                await calls.make(partial(_raise, fault))
            said.append(str(raised.value))
        return said

    assert asyncio.run(make()) == ["once", "twice"]


def _raise(fault: BaseException) -> Answer:
    raise fault


def test_a_call_that_nobody_waits_for_any_more_is_not_begun() -> None:
    begun: list[str] = []

    async def make() -> None:
        calls, go_on = Calls("quick", threads=1, waiting=2), threading.Event()

        def slow() -> Answer:
            begun.append("slow")
            go_on.wait(60)
            return Answer(200, [], b"")

        def quick(name: str) -> Answer:
            begun.append(name)
            return Answer(200, [], b"")

        first = calls.make(slow)
        waits = calls.make(partial(quick, "waits"))
        waits.cancel()
        go_on.set()
        await first
        await calls.make(partial(quick, "next"))

    asyncio.run(make())
    assert begun == ["slow", "next"]


def test_held_answers_leave_the_other_calls_alone(asked: Asked) -> None:
    asked.begin("/slow/1?timeout=20", "/slow/2?detail=1&timeout=20")
    assert asked.ask("/quick")[:2] == (200, b"/quick")


@pytest.mark.parametrize("target", ["?host=web-1", "/?detail=1&%68ost=web-1", ";x?host=web-1"])
def test_uptimes_of_hosts_leave_the_other_calls_alone(asked: Asked, target: str) -> None:
    asked.begin(f"/v3/uptime{target}", f"/v3/uptime{target}")
    assert asked.ask(f"/v3/uptime{target}")[0] == 503
    for quick in ("/v3/uptime/?host=", "/v3/uptime/?detail=1", "/v3/iostat?host=web-1"):
        assert asked.ask(quick)[0] == 200


@pytest.mark.parametrize("query", ["timeout=20", "%74imeout=20"])
def test_beyond_the_most_held_answers_one_comes_at_once(asked: Asked, query: str) -> None:
    asked.begin("/slow/1?timeout=20", "/slow/2?timeout=20")
    assert asked.ask(f"/slow/3?{query}")[:2] == (200, b"/slow/3?timeout=0")


def test_what_else_a_query_says_stays_as_it_was(asked: Asked) -> None:
    asked.begin("/slow/1?timeout=20", "/slow/2?timeout=20")
    assert asked.ask("/quick?since=3&detail=&timeout=9&x=%26")[1] == (
        b"/quick?since=3&detail=&timeout=0&x=%26"
    )


@pytest.mark.parametrize("path", ["/v1/iostat", "/v1/iostat;x"])
def test_callers_that_wait_for_a_window_leave_the_other_calls_alone(
    asked: Asked, path: str
) -> None:
    asked.begin(path)
    assert asked.ask("/v1/iostat/")[0] == 503
    assert asked.ask("/quick")[0] == 200


def test_500_idle_connections_take_no_thread(asked: Asked) -> None:
    before = threading.active_count()
    with contextlib.ExitStack() as all_open:
        connections = [
            all_open.enter_context(socket.create_connection(("127.0.0.1", asked.port), timeout=60))
            for _ in range(500)
        ]
        for connection in connections:
            connection.sendall(b"GET /quick HTTP/1.1\r\n\r\n")
        for connection in connections:
            assert connection.recv(65_536).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 "))
        assert threading.active_count() <= before + 2
        assert asked.ask("/quick")[0] == 200


def test_a_connection_too_many_is_503_and_closed() -> None:
    app = SlowApp()
    # 20 for calls, 16 to accept clients, and one fewer connections than are left.
    serving = server.of_asgi(Application(app.answer), 40)
    with gateways.serving(serving) as port, contextlib.ExitStack() as all_open:
        idle = [
            all_open.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)
        ]
        assert until(lambda: len(serving.server_state.connections) == 3)
        status, body, retry_after = ask(port, "/more")
        assert (status, retry_after) == (503, "1")
        detail = "Too many connections are open here; try again."
        assert json.loads(body) == problem(503, "Service Unavailable", detail)
        idle[0].close()
        assert until(lambda: ask(port, "/more")[0] == 200)


def test_the_end_does_not_wait_for_held_answers_but_answers_them() -> None:
    app = SlowApp()
    with ThreadPoolExecutor(1) as client:
        with gateways.serving(server.of_asgi(Application(app.answer), _MANY_DESCRIPTORS)) as port:
            held = client.submit(ask, port, "/slow/1?timeout=20")
            assert until(lambda: bool(app.begun))
        status, body, _ = held.result()
        assert (status, json.loads(body)["detail"]) == (503, "The service ends.")
        app.go_on.set()
