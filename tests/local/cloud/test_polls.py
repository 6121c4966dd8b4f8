"""ReceiveMessage waits aside, and hands no message to a client that has gone."""

import socket
import struct
import threading

import pytest

from local.cloud.answers import Answer
from local.cloud.request import Request
from local.cloud.server import Cloud, ask_moto
from tests.support.clouds import Queue, Serving, serving
from tests.support.processes import DEADLINE


def test_a_poll_is_answered_when_a_message_comes(own: Serving) -> None:
    poll, sender = Queue(own), Queue(own)
    poll.begin()
    # Whoever is answered after it shows that it waits aside.
    assert sender.receive() == []
    sender.send("one")
    assert poll.got() == ["one"]


def test_each_of_two_polls_gets_its_own_message(own: Serving) -> None:
    polls, sender = [Queue(own), Queue(own)], Queue(own)
    for poll in polls:
        poll.begin(MaxNumberOfMessages=1)
        assert sender.receive() == []
    entries = [{"Id": text, "MessageBody": text} for text in ("one", "two")]
    sender.client.ask("AmazonSQS.SendMessageBatch", {"QueueUrl": sender.url, "Entries": entries})
    assert sorted(text for poll in polls for text in poll.got()) == ["one", "two"]


def test_a_poll_ends_without_a_message_when_its_time_is_over(own: Serving) -> None:
    poll = Queue(own)
    poll.begin(wait=1)
    assert poll.got() == []


def test_a_poll_gets_a_message_that_becomes_visible_by_time_alone(own: Serving) -> None:
    poll = Queue(own)
    poll.send("one")
    poll.begin(wait=0, VisibilityTimeout=1)
    assert poll.got() == ["one"]
    poll.begin()
    assert poll.got() == ["one"]


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_poll_whose_client_has_gone_gets_no_message(own: Serving, how: str) -> None:
    sender = Queue(own)
    for _ in range(50):
        poll = Queue(own)
        poll.begin()
        assert sender.receive() == []
        if how == "reset":
            linger = struct.pack("ii", 1, 0)
            poll.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        poll.client.close()
        sender.send("one")
        assert sender.receive() == ["one"]


def test_a_poll_that_is_read_when_its_client_has_gone_already_gets_no_message(cloud: None) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def ask(request: Request) -> Answer:
        if request.target.endswith(".ListTables"):
            inside.set()
            assert go_on.wait(DEADLINE)
        return ask_moto(request)

    with serving(Cloud(ask=ask)) as own:
        sender, poll, busy = Queue(own), Queue(own), own.client()
        sender.send("one")
        busy.send("DynamoDB_20120810.ListTables", {})
        assert inside.wait(DEADLINE)
        poll.begin()
        poll.client.close()
        go_on.set()
        assert busy.receive().status == 200
        assert sender.receive() == ["one"]


@pytest.mark.parametrize("wait", [-1, 21, 1_000_000])
def test_a_wait_out_of_bounds_is_refused_at_once(own: Serving, wait: int) -> None:
    queue = Queue(own)
    queue.begin(wait)
    assert queue.client.receive().status == 400


def test_a_queue_that_makes_polls_wait_by_itself_keeps_nobody_else(own: Serving) -> None:
    attributes = {"ReceiveMessageWaitTimeSeconds": "20"}
    poll, other = Queue(own), Queue(own)
    made = {"QueueName": "patient", "Attributes": attributes}
    poll.url = other.url = poll.client.ask("AmazonSQS.CreateQueue", made).json["QueueUrl"]
    poll.client.send("AmazonSQS.ReceiveMessage", {"QueueUrl": poll.url})
    other.send("one")
    assert poll.got() == ["one"]


def test_a_queue_that_is_not_there_is_an_error_and_nothing_waits(own: Serving) -> None:
    queue = Queue(own)
    queue.url += "-of-nobody"
    queue.begin()
    assert queue.client.receive().status == 400
