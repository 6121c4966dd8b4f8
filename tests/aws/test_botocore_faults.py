"""Faults on the network, at every call of DynamoDB and SQS.

botocore retries by itself. These tests check that a retry does no harm: if the answer to a
conditional write was lost, its retry is refused, and we must recognise our own write.
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
from chalicelib.aws.sqs import Queue, SqsDispatcher
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.aws.user_store import DynamoTallyStore, DynamoUserStore
from chalicelib.measure.model import Window
from chalicelib.tasks.model import Look, State
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
        # Else moto would do what the request asks. It ignores requests to an unknown address.
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
#: Every call that gets a fault, and how many calls of its kind succeed first.
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
    """Make the clients once for all tests, because that takes longer than a test."""
    session = aws.session()
    return {name: aws.client(session, name) for name in ("dynamodb", "sqs")}


class Wire:
    """The network below the clients. One request can have a fault."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._skip = 0

    def break_(self, fault: Fault, *, skip: int) -> None:
        """Give one request a fault: the first one after `skip` good ones."""
        self._fault, self._skip = fault, skip

    @property
    def broke(self) -> bool:
        """Whether the fault has happened."""
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
    # botocore waits between two tries. The tests need not.
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
    names = {"v2": "open-tasks", "v3": "tasks"}
    queues = {it: Queue(clients()["sqs"], f"hoststat-dev-{name}") for it, name in names.items()}
    dead = Queue(clients()["sqs"], "hoststat-dev-dead")
    return Rig(store=store, dispatcher=SqsDispatcher(queues, dead, lambda name: dead))


def insist(do: Callable[[], Any]) -> Any:
    """Do something; after an Outage do it again, as a client does that was answered 503."""
    try:
        return do()
    except errors.Outage:
        return do()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(("call", "skip"), CALLS)
def test_a_fault_does_not_change_the_results_of_tasks(wire: Wire, fault: Fault, skip: int) -> None:
    rig = a_rig()
    wire.break_(fault, skip=skip)

    first = insist(lambda: rig.service.create("v2", Window(5, 1)))
    second = insist(lambda: rig.service.create("v2", Window(5, 1), key="a-key"))
    assert insist(lambda: rig.service.create("v2", Window(5, 1), key="a-key")) == second
    insist(lambda: rig.worker.work(first))
    insist(lambda: rig.service.cancel("v2", second))
    insist(lambda: rig.worker.work(second))
    rig.clock.freeze(5000)
    insist(lambda: rig.sweeper.sweep())
    insist(lambda: rig.worker.work(first))

    view = insist(lambda: rig.service.look("v2", first, Look()))
    done = view.task
    assert (done.state, done.run, done.failures) == (State.SUCCESS, 1, 0)
    text = "".join(f"report {index}\n" for index in range(5))
    assert "".join(it.report.text for it in view.reports) == text
    revoked = insist(lambda: rig.service.look("v2", second, Look())).task
    assert revoked.state is State.REVOKED
    assert wire.broke


#: The calls for users and logins.
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
def test_a_fault_does_not_change_the_results_of_users_and_logins(
    wire: Wire, fault: Fault, skip: int
) -> None:
    rig = LoginRig(
        users=DynamoUserStore(clients()["dynamodb"], "hoststat-dev-users"),
        tallies=DynamoTallyStore(clients()["dynamodb"], "hoststat-dev-tallies"),
    )
    fields = {"username": "jluser", "fullname": "J.", "password": "secret of jluser"}
    wire.break_(fault, skip=skip)

    insist(lambda: rig.service.make_admin("root", "secret of root"))
    insist(lambda: rig.service.make_admin("boss", "secret of boss"))
    insist(lambda: rig.service.replace("jluser", fields))
    insist(lambda: rig.service.change("boss", {"admin": False}))
    insist(lambda: rig.service.change("jluser", {"fullname": "N."}))
    with pytest.raises(errors.Unauthorized):
        insist(lambda: rig.logins.check(authorization("jluser:secret guess"), "192.0.2.1"))
    user = insist(lambda: rig.logins.check(authorization("jluser:secret of jluser"), "192.0.2.1"))
    # moto ignores the token by which DynamoDB recognises a retry.
    with contextlib.suppress(errors.NoSuchUser):
        insist(lambda: rig.service.delete("boss"))

    found, _ = insist(lambda: rig.service.page(None, 10))
    assert [(it.username, it.admin) for it in found] == [("jluser", False), ("root", True)]
    assert (user.fullname, found[0]) == ("N.", user)
    named, every = rig.throttle.check("jluser", "192.0.2.1", user.password_hash)
    assert (named.failures, every.failures) == (0, 1)
    assert named.token
    with pytest.raises(errors.LastAdmin):
        rig.service.delete("root")
    assert wire.broke


def test_a_mistake_of_ours_is_no_outage(cloud: Any) -> None:
    store = DynamoTaskStore(
        boto3.client("dynamodb"), tasks="no-such-table", reports="none", keys="none"
    )
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        store.get("00000000-0000-4000-8000-000000000000")
