"""Calls to the local cloud that fail: by botocore's errors, and as often tried as by botocore."""

import json
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from chalicelib.aws import client as aws
from chalicelib.comparison import Comparison
from local.session import Session
from tests.support.cloud_clients import BUSY, GET, KEY, NO_TABLE, PUT, TRIES, answer, client
from tests.support.fakes import FakeClock
from tests.support.scripted_cloud import Cloud, says


def test_a_refusal_is_botocores_error_and_is_asked_for_once(session: Session) -> None:
    refusal = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": KEY,
    }
    cloud = Cloud([answer(refusal, "400 Bad Request")])
    with cloud.serving() as address, pytest.raises(ClientError) as raised:
        client(session, "dynamodb", address).put_item(**PUT)
    assert raised.value.response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    assert raised.value.response["Item"] == KEY
    assert len(cloud.requests) == 1


def test_a_call_that_fails_for_a_while_is_tried_again_by_botocore(session: Session) -> None:
    cloud = Cloud([BUSY, BUSY, answer({"Item": KEY})])
    with cloud.serving() as address:
        found = client(session, "dynamodb", address).get_item(**GET)
    assert (found["Item"], found["ResponseMetadata"]["RetryAttempts"]) == (KEY, TRIES - 1)
    assert len(cloud.requests) == TRIES


def test_a_connection_that_breaks_is_tried_again_as_often_as_botocore_does(
    session: Session,
) -> None:
    cloud = Cloud(*[[says(b"")]] * TRIES)
    with cloud.serving() as address, pytest.raises(ConnectionClosedError, match=address):
        client(session, "dynamodb", address).get_item(**GET)
    assert len(cloud.requests) == TRIES


def test_calls_after_one_that_failed_have_their_own_answers(session: Session) -> None:
    cloud = Cloud([NO_TABLE, answer({"Item": KEY})] * 2)
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        for _ in range(2):
            with pytest.raises(asked.exceptions.ResourceNotFoundException):
                asked.get_item(**GET)
            assert asked.get_item(**GET)["Item"] == KEY
    assert len(cloud.requests) == 4


class Interrupted(BaseException):
    """Whatever may end a call anywhere."""


def test_what_came_of_a_call_that_was_interrupted_is_not_another_calls(session: Session) -> None:
    cloud = Cloud([answer({}), NO_TABLE, answer({"Item": KEY})])
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        asked.get_item(**GET)

        def interrupt(**_: Any) -> None:
            raise Interrupted

        # Botocore tells of this when it begins to write what was refused.
        asked.meta.events.register("provide-client-params", interrupt)
        with pytest.raises(Interrupted):
            asked.get_item(**GET)
        asked.meta.events.unregister("provide-client-params", interrupt)
        assert asked.get_item(**GET)["Item"] == KEY
    assert len(cloud.requests) == 3


def test_a_second_try_of_a_transaction_has_the_token_of_the_first(session: Session) -> None:
    cloud = Cloud([answer({}), BUSY, answer({})])
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        for _ in range(2):
            asked.transact_write_items(TransactItems=[])
    _, tried, again = (
        json.loads(it.partition(b"\r\n\r\n")[2])["ClientRequestToken"] for it in cloud.requests
    )
    assert tried == again


def test_a_clock_is_compared_with_the_moment_before_the_only_question(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(now=784111777)

    def late(connection: socket.socket) -> None:
        clock.sleep(20)
        NO_TABLE(connection)

    compare = Comparison(clock)
    with Cloud([answer({}), late]).serving() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        asked = aws.client(session, "dynamodb", compare=compare)
        asked.get_item(**GET)
        with pytest.raises(asked.exceptions.ResourceNotFoundException):
            asked.get_item(**GET)
    # The answer's Date may be from any moment of these 20 s.
    assert compare.off == 0
