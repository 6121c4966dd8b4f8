"""With a journal: what was written is durable before anybody hears of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from local.cloud.answers import Answer
from local.cloud.folder import Refused
from local.cloud.recorder import Recorder
from local.cloud.request import Request
from local.cloud.server import Cloud
from tests.local.cloud.test_server import FORM, SIGNED

_PUT, _GET = "DynamoDB_20120810.PutItem", "DynamoDB_20120810.GetItem"


class FakeJournal:
    """Writes down what it is asked for."""

    def __init__(self, events: list[str]) -> None:
        self._events = events
        self.due_for_compaction = False
        #: What goes wrong with it.
        self.refuses: Exception | None = None
        self.full = False

    def load(self, tables: DynamoDBBackend) -> int:
        if self.refuses:
            raise self.refuses
        self._events.append("loaded")
        return 0

    def note(self, tables: DynamoDBBackend, action: str, asked: Mapping[str, Any]) -> None:
        self._events.append(f"noted {action} {asked['name']}")

    def flush(self) -> None:
        if self.full:
            raise OSError("The disk is full.")
        self._events.append("flushed")

    def slices(self, tables: DynamoDBBackend) -> Iterator[None]:
        self.due_for_compaction = False
        for number in range(2):
            self._events.append(f"compacted slice {number}")
            yield


class World:
    """A cloud with a journal; what happened is in `events`."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.journal = FakeJournal(self.events)
        recorder = Recorder(self.journal, lambda why: self.events.append(f"gave up: {why}"))
        self.cloud = Cloud(recorder, ask=self._answer)

    def _answer(self, request: Request) -> Answer:
        return 400 if b"refused" in request.body else 200, {}, b""

    async def _ask(self, name: str, headers: dict[str, str], body: bytes) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Mapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                self.events.append(f"answered {name}")

        sent = {"host": "localhost", **{it.lower(): value for it, value in headers.items()}}
        scope = {
            "method": "POST",
            "raw_path": b"/",
            "headers": [(it.encode(), value.encode()) for it, value in sent.items()],
        }
        await self.cloud(scope, receive, send)

    def make_stack(self) -> Awaitable[None]:
        return self._ask("stack", FORM | SIGNED, b"Action=CreateStack&Version=2010-05-15")

    def ask(self, target: str, name: str, **headers: str) -> Awaitable[None]:
        body = json.dumps({"name": name}).encode()
        return self._ask(name, {"X-Amz-Target": target, **headers}, body)


def events_of(story: Callable[[World], Awaitable[Any]]) -> list[str]:
    """What happens in a story, after the stack was made."""

    async def tell() -> list[str]:
        world = World()
        await world.make_stack()
        world.events.clear()
        await story(world)
        return world.events

    return asyncio.run(tell())


def test_the_journal_is_loaded_as_soon_as_the_stack_is_there_and_once() -> None:
    async def tell() -> list[str]:
        world = World()
        await world.ask(_PUT, "too early")
        await world.make_stack()
        await world.make_stack()
        return world.events

    assert asyncio.run(tell()) == ["answered too early", "loaded", *["answered stack"] * 2]


def test_the_writes_of_one_turn_share_a_flush_and_are_answered_after_it() -> None:
    async def story(world: World) -> None:
        await asyncio.gather(*[world.ask(_PUT, str(number)) for number in range(3)])
        await world.ask(_PUT, "3")

    first = ["noted PutItem 0", "noted PutItem 1", "noted PutItem 2", "flushed"]
    second = ["noted PutItem 3", "flushed", "answered 3"]
    answered = ["answered 0", "answered 1", "answered 2"]
    assert events_of(story) == first + answered + second


def test_nobody_reads_what_is_not_durable() -> None:
    async def story(world: World) -> None:
        await asyncio.gather(world.ask(_PUT, "write"), world.ask(_GET, "read"))

    answered = ["answered write", "answered read"]
    assert events_of(story) == ["noted PutItem write", "flushed", *answered]


def test_what_writes_nothing_is_not_noted() -> None:
    async def story(world: World) -> None:
        await world.ask(_GET, "read")
        await world.ask(_PUT, "refused")
        await world.ask("AmazonSQS.SendMessage", "hint")

    assert events_of(story) == ["answered read", "answered refused", "answered hint"]


def test_what_is_written_in_another_region_is_not_noted() -> None:
    async def story(world: World) -> None:
        elsewhere = SIGNED["Authorization"].replace("us-east-1", "eu-west-1")
        await world.ask(_PUT, "elsewhere", Authorization=elsewhere)

    assert events_of(story) == ["answered elsewhere"]


def test_a_write_that_cannot_be_made_durable_is_never_answered_and_ends_the_cloud() -> None:
    async def story(world: World) -> None:
        world.journal.full = True
        asking = asyncio.ensure_future(world.ask(_PUT, "lost"))
        await asyncio.wait([asking], timeout=0.1)
        asking.cancel()

    assert events_of(story) == ["noted PutItem lost", "gave up: The disk is full."]


def test_a_journal_that_does_not_fit_ends_the_cloud() -> None:
    async def tell() -> list[str]:
        world = World()
        world.journal.refuses = Refused("Line 7 is damaged.")
        await world.make_stack()
        return world.events

    assert asyncio.run(tell())[0] == "gave up: Line 7 is damaged."


def test_others_are_answered_between_two_slices_of_a_compaction() -> None:
    async def story(world: World) -> None:
        world.journal.due_for_compaction = True
        await world.ask(_GET, "first")
        await world.ask(_GET, "second")
        while "compacted slice 1" not in world.events:
            await asyncio.sleep(0)

    happened = events_of(story)
    between = slice(happened.index("compacted slice 0"), happened.index("compacted slice 1"))
    assert "answered second" in happened[between]
