"""The local cloud's server: who is let in, and one request at a time."""

import email.utils
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.cloud.answers import Answer
from local.cloud.request import Request
from local.cloud.server import Cloud
from tests.support.clouds import HEADERS, Client, Queue, Serving, serving
from tests.support.processes import DEADLINE, until

GET_ITEM = {"X-Amz-Target": "DynamoDB_20120810.GetItem"}
SEND = {"X-Amz-Target": "AmazonSQS.SendMessage"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/cloudformation/"
    "aws4_request, SignedHeaders=host, Signature=0"
}
QUEUE = "/123456789012/hoststat-dev-tasks"


def said_yes(_: Request) -> Answer:
    return 200, {"content-type": "application/x-amz-json-1.0"}, b"{}"


@pytest.fixture(scope="module")
def polite() -> Iterator[Serving]:
    """A server that says yes to all whom it lets in."""
    with serving(Cloud(ask=said_yes)) as own:
        yield own


def status(port: int, method: str, path: str, headers: list[tuple[str, str]]) -> int:
    """The status of a request with exactly these headers."""
    lines = [f"{method} {path} HTTP/1.1", *[f"{name}: {value}" for name, value in headers]]
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        connection.sendall("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode())
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def asked(port: int, method: str, path: str, headers: dict[str, str]) -> int:
    """The same, with a Host that is let in unless `headers` has another."""
    return status(port, method, path, list({"Host": f"127.0.0.1:{port}", **headers}.items()))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", GET_ITEM),
        ("/", SEND),
        (QUEUE, SEND),
        (f"{QUEUE}.fifo", SEND),
        ("/", FORM | SIGNED),
        ("/", GET_ITEM | {"Host": "localhost"}),
        ("/", GET_ITEM | {"Host": "LocalHost:1"}),
        ("/", GET_ITEM | {"Host": "127.0.0.1"}),
        ("/", GET_ITEM | {"Host": "[::1]:18000"}),
    ],
)
def test_programs_of_this_machine_are_let_in(
    polite: Serving, path: str, headers: dict[str, str]
) -> None:
    assert asked(polite.port, "POST", path, headers) == 200


@pytest.mark.parametrize(
    "marks",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Host": "evil.example"},
        {"Host": "evil.example:18000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": "127.0.0.2"},
        {"Host": "169.254.1.1"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
def test_web_pages_and_names_of_others_are_not_let_in(
    polite: Serving, method: str, marks: dict[str, str]
) -> None:
    assert asked(polite.port, method, "/", GET_ITEM | marks) == 403


def test_there_must_be_exactly_one_host(polite: Serving) -> None:
    target = [("X-Amz-Target", "DynamoDB_20120810.GetItem")]
    twice = [("Host", "localhost"), ("host", "127.0.0.1")]
    assert status(polite.port, "POST", "/", target) == 403
    assert status(polite.port, "POST", "/", [*target, *twice]) == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/", GET_ITEM),
        ("GET", "/?Action=ListQueues&Version=2012-11-05", SIGNED),
        ("GET", "/moto-api/data.json", {}),
        ("GET", "/moto-api/recorder/start-recording", {}),
        ("POST", "/moto-api/reset", {}),
        ("POST", "/moto-api/reset", GET_ITEM),
        ("POST", "/moto-api/../moto-api/reset", SEND),
        ("POST", "/", {}),
        ("POST", "/", FORM),
        ("POST", "/", SIGNED),
        ("POST", "/", FORM | {"Authorization": SIGNED["Authorization"].replace("cloudf", "x")}),
        ("POST", "/", {"X-Amz-Target": "DynamoDB_20111205.GetItem"}),
        ("POST", "/", {"X-Amz-Target": "AWSCognitoIdentityService.GetId"}),
        ("POST", QUEUE, GET_ITEM),
        ("PUT", "/", GET_ITEM),
        ("DELETE", "/", SEND),
    ],
)
def test_nothing_else_of_moto_is_there(
    polite: Serving, method: str, path: str, headers: dict[str, str]
) -> None:
    assert asked(polite.port, method, path, headers) == 404


def test_a_refusal_is_one_plain_sentence(polite: Serving) -> None:
    client = polite.client()
    assert client.ask("Route53.GetZone", {}).body == (
        b"Only DynamoDB, SQS and CloudFormation are here, by POST.\n"
    )


def test_a_body_that_is_too_long_is_not_read_to_its_end(polite: Serving) -> None:
    assert polite.client().ask("AmazonSQS.SendMessage", {"x": "y" * 18_000_000}).status == 413


def put(client: Client, key: str, **more: Any) -> Any:
    return client.ask("DynamoDB_20120810.PutItem", tasks(Item={"task_id": {"S": key}}, **more))


def tasks(**more: Any) -> dict[str, Any]:
    return {"TableName": "hoststat-dev-tasks", **more}


def test_of_many_claims_each_is_won_once(own: Serving) -> None:
    def claim_all(_: int) -> list[str]:
        client = own.client()
        condition = "attribute_not_exists(task_id)"
        keys = [f"task {number}" for number in range(80)]
        said = {key: put(client, key, ConditionExpression=condition).status for key in keys}
        assert set(said.values()) <= {200, 400}
        return [key for key, code in said.items() if code == 200]

    with ThreadPoolExecutor(16) as pool:
        won = [key for keys in pool.map(claim_all, range(16)) for key in keys]
    assert sorted(won) == sorted({f"task {number}" for number in range(80)})


def test_what_is_put_is_there_whichever_way_it_is_asked_for(own: Serving) -> None:
    client = own.client()
    assert put(client, "one").status == 200
    key = {"task_id": {"S": "one"}}
    got = client.ask("DynamoDB_20120810.GetItem", tasks(Key=key))
    found = client.ask("DynamoDB_20120810.Scan", tasks())
    assert got.json["Item"] == found.json["Items"][0] == key


def test_a_client_that_goes_in_the_middle_of_its_request_does_nothing(own: Serving) -> None:
    request = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.PurgeQueue\r\n"
        'Content-Length: 500\r\n\r\n{"QueueUrl": '
    )
    queue = Queue(own)
    queue.send("one")
    with socket.create_connection(("127.0.0.1", own.port), timeout=DEADLINE) as connection:
        connection.sendall(request.encode())
    assert queue.receive() == ["one"]


def test_too_many_requests_in_flight_are_refused_at_once(cloud: None) -> None:
    with serving(Cloud(most_in_flight=3)) as own:
        polls = [Queue(own) for _ in range(3)]
        for poll in polls:
            poll.begin()
        # Only now and then a request is refused before all three are there.
        client = own.client()
        assert until(lambda: client.ask("DynamoDB_20120810.ListTables", {}).status == 503)
        polls[0].client.close()
        assert until(lambda: client.ask("DynamoDB_20120810.ListTables", {}).status == 200)


def test_requests_that_come_while_another_is_answered_come_after_it() -> None:
    inside, go_on, order = threading.Event(), threading.Event(), []

    def ask(request: Request) -> Answer:
        name = json.loads(request.body)["name"]
        if name == "first":
            inside.set()
            assert go_on.wait(DEADLINE)
        order.append(name)
        return said_yes(request)

    with serving(Cloud(ask=ask)) as own:
        first, second = own.client(), own.client()
        first.send("DynamoDB_20120810.UpdateItem", {"name": "first"})
        assert inside.wait(DEADLINE)
        second.send("DynamoDB_20120810.UpdateItem", {"name": "second"})
        go_on.set()
        assert [first.receive().status, second.receive().status] == [200, 200]
    assert order == ["first", "second"]


def test_an_answer_bears_the_time_at_which_it_was_made(cloud: None) -> None:
    """Workers compare their clocks with it: an old one would keep them from working."""
    made_at = 0.0

    def ask(request: Request) -> Answer:
        nonlocal made_at
        began = time.time()
        assert until(lambda: time.time() > began + 2)
        made_at = time.time()
        return said_yes(request)

    with serving(Cloud(ask=ask)) as own:
        client = own.client()
        client.ask("DynamoDB_20120810.ListTables", {})
    said = email.utils.parsedate_to_datetime(client.headers["date"]).timestamp()
    assert said >= int(made_at)


def test_an_answer_says_nothing_of_who_serves_and_lets_no_page_read_it(own: Serving) -> None:
    client = own.client()
    client.ask("DynamoDB_20120810.ListTables", {})
    assert not any(name.lower().startswith("access-control") for name in client.headers)
    assert HEADERS["Content-Type"] == client.headers["content-type"]
