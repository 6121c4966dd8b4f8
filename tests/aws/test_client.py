"""Clients of AWS: their answers tell what time it is."""

import email.utils
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.aws import client as aws
from chalicelib.clock import Comparison
from tests.support.fakes import FakeClock


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("service", "operation"), [("sqs", "list_queues"), ("dynamodb", "list_tables")]
)
def test_each_answer_of_a_client_is_compared(service: str, operation: str, status: int) -> None:
    clock = FakeClock()
    compared = Comparison(clock)
    dated = {"Date": email.utils.formatdate(clock.now() + 60, usegmt=True)}

    def answer(request: Any, **_: Any) -> AWSResponse:
        response = AWSResponse(request.url, status, dated, raw=None)
        response._content = b'{"__type": "ValidationException"}' if status == 400 else b"{}"
        return response

    asked = aws.client(aws.session(), service, compare=compared)
    asked.meta.events.register("before-send", answer)
    try:
        aws.ask(getattr(asked, operation))
    except asked.exceptions.ClientError:
        assert status == 400
    assert compared.off == -60
