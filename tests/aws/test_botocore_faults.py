"""Faults on the wire, at every call that is made of DynamoDB and SQS.

botocore itself tries again, so what is tested is that a second try does no harm: a conditional
write whose answer was lost is refused the second time, and must be known as one's own.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.aws.sqs import SqsDispatcher
from chalicelib.aws.tally_store import DynamoTallyStore
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.aws.user_store import DynamoUserStore
from chalicelib.measure.model import Window
from chalicelib.tasks.model import State
from tests.support.asking import authorization
from tests.support.fake_users import LoginRig
from tests.support.rig import Rig

Fault = Callable[[str, Any], AWSResponse]


def lost_answer(event_name: str, request: Any) -> AWSResponse:
    botocore_stubber(event_name, request)
    raise ReadTimeoutError(endpoint_url=request.url)


def never_arrived(event_name: str, request: Any) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def refused(code: str, status: int) -> Fault:
    def answer(event_name: str, request: Any) -> AWSResponse:
        response = AWSResponse(request.url, status, {"x-amzn-errortype": code}, raw=None)
        response._content = f'{{"__type": "{code}", "message": "injected"}}'.encode()
        # moto would carry it out all the same, if it knew where it was going.
        request.url = "https://nobody.invalid/"
        return response

    return answer


FAULTS = {
    "lost answer": lost_answer,
    "never arrived": never_arrived,
    "throttled": refused("ProvisionedThroughputExceededException", 400),
    "broken": refused("InternalServerError", 500),
    "conflict": refused("TransactionConflictException", 400),
}
#: Every call, and how many of its kind go well first.
CALLS = [
    ("dynamodb.PutItem", 0),
    ("dynamodb.PutItem", 1),
    ("dynamodb.TransactWriteItems", 0),
    ("dynamodb.GetItem", 0),
    ("dynamodb.BatchGetItem", 0),
    ("dynamodb.UpdateItem", 0),
    ("dynamodb.UpdateItem", 1),
    ("dynamodb.UpdateItem", 5),
    ("dynamodb.UpdateItem", 6),
    ("dynamodb.Query", 0),
    ("sqs.SendMessage", 0),
    ("sqs.GetQueueUrl", 0),
    ("sqs.GetQueueAttributes", 0),
]


@functools.cache
def clients() -> dict[str, Any]:
    """Made once: that takes longer than a test."""
    session = aws.session()
    return {name: aws.client(session, name) for name in ("dynamodb", "sqs")}


class Wire:
    """What the clients of a rig send, where one request of a kind can go wrong."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._skip = 0

    def break_(self, fault: Fault, *, skip: int) -> None:
        """Let the next request but `skip` go wrong, once."""
        self._fault, self._skip = fault, skip

    @property
    def broke(self) -> bool:
        """Whether it has."""
        return self._fault is None

    def send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        if self._fault is None:
            return None
        if self._skip:
            self._skip -= 1
            return None
        fault, self._fault = self._fault, None
        return fault(event_name, request)


@pytest.fixture
def wire(cloud: Any, monkeypatch: pytest.MonkeyPatch, call: str) -> Iterator[Wire]:
    # No seconds between tries: they are botocore's own affair.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    made = Wire()
    service, operation = call.split(".")
    event, events = f"before-send.{service}.{operation}", clients()[service].meta.events
    events.register_first(event, made.send)
    yield made
    events.unregister(event, made.send)


def a_rig() -> Rig:
    names = {
        "tasks": "hoststat-dev-tasks",
        "reports": "hoststat-dev-reports",
        "keys": "hoststat-dev-keys",
    }
    store = DynamoTaskStore(clients()["dynamodb"], **names)
    queue = SqsDispatcher(clients()["sqs"], queue="hoststat-dev-tasks", dead="hoststat-dev-dead")
    return Rig(store=store, dispatcher=queue)


def insist(do: Callable[[], Any]) -> Any:
    """Do it again after an outage, as a client told 503 does, or a message that comes again."""
    try:
        return do()
    except errors.Outage:
        return do()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(("call", "skip"), CALLS)
def test_a_fault_changes_nothing_that_anybody_sees(wire: Wire, fault: Fault, skip: int) -> None:
    rig = a_rig()
    wire.break_(fault, skip=skip)

    first = insist(lambda: rig.service.create("v2", Window(5, 1)))
    second = insist(lambda: rig.service.create("v2", Window(5, 1), key="a digest"))
    assert insist(lambda: rig.service.create("v2", Window(5, 1), key="a digest")) == second
    insist(lambda: rig.worker.work(first))
    insist(lambda: rig.service.cancel("v2", second))
    insist(lambda: rig.worker.work(second))
    rig.clock.freeze(5000)
    insist(lambda: rig.sweeper.sweep())
    insist(lambda: rig.worker.work(first))

    done = insist(lambda: rig.service.find("v2", first))
    assert (done.state, done.run, done.failures) == (State.SUCCESS, 1, 0)
    text = "".join(f"report {index}\n" for index in range(5))
    found = insist(lambda: list(rig.service.reports(done)))
    assert "".join(report.text for report in found) == text
    assert insist(lambda: rig.service.find("v2", second)).state is State.REVOKED
    assert wire.broke


#: The same for users and logins.
USER_CALLS = [
    *(("dynamodb.TransactWriteItems", skip) for skip in range(6)),
    *(("dynamodb.GetItem", skip) for skip in range(4)),
    *(("dynamodb.BatchGetItem", skip) for skip in range(2)),
    ("dynamodb.PutItem", 0),
    ("dynamodb.PutItem", 1),
    ("dynamodb.PutItem", 2),
    ("dynamodb.PutItem", 3),
    ("dynamodb.Query", 0),
]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(("call", "skip"), USER_CALLS)
def test_a_fault_changes_no_user_and_no_login(wire: Wire, fault: Fault, skip: int) -> None:
    rig = LoginRig(
        users=DynamoUserStore(clients()["dynamodb"], "hoststat-dev-users"),
        tallies=DynamoTallyStore(clients()["dynamodb"], "hoststat-dev-tallies"),
    )
    fields = {"username": "jluser", "fullname": "J.", "password": "secret of jluser"}
    wire.break_(fault, skip=skip)

    insist(lambda: rig.directory.make_admin("root", "secret of root"))
    insist(lambda: rig.directory.make_admin("boss", "secret of boss"))
    insist(lambda: rig.directory.replace("jluser", fields))
    insist(lambda: rig.directory.change("boss", {"admin": False}))
    insist(lambda: rig.directory.change("jluser", {"fullname": "N."}))
    with pytest.raises(errors.Unauthorized):
        insist(lambda: rig.logins.check(authorization("jluser:secret guess"), "192.0.2.1"))
    user = insist(lambda: rig.logins.check(authorization("jluser:secret of jluser"), "192.0.2.1"))
    # moto ignores the token by which DynamoDB knows a second try.
    with contextlib.suppress(errors.NoSuchUser):
        insist(lambda: rig.directory.delete("boss"))

    found, _ = insist(lambda: rig.directory.page(None, 10))
    assert [(it.username, it.admin) for it in found] == [("jluser", False), ("root", True)]
    assert (user.fullname, found[0]) == ("N.", user)
    assert rig.guesses.check("jluser", "192.0.2.1")[0].failures == 0
    assert rig.guesses.check("jluser", "192.0.2.1")[1].failures == 1
    with pytest.raises(errors.LastAdmin):
        rig.directory.delete("root")
    assert wire.broke


def test_an_error_that_is_our_own_is_no_outage(cloud: Any) -> None:
    store = DynamoTaskStore(
        boto3.client("dynamodb"), tasks="no-such-table", reports="none", keys="none"
    )
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        store.get("00000000-0000-4000-8000-000000000000")
