"""What everything is made of here: made once, when it is first asked for, and no sooner."""

import functools
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.clock import SystemClock
from chalicelib.measure.machine import ThisMachine
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.aws.sqs import SqsDispatcher
    from chalicelib.aws.task_store import DynamoTaskStore
    from chalicelib.aws.user_store import DynamoUserStore
    from chalicelib.tasks.keeper import Keeper
    from chalicelib.tasks.service import TaskService
    from chalicelib.tasks.sweeper import Sweeper
    from chalicelib.tasks.worker import Worker
    from chalicelib.users.logins import Logins
    from chalicelib.users.passwords import Passwords
    from chalicelib.users.service import UserService

Made = TypeVar("Made")

_lock = threading.RLock()
_memories: list[dict[str, Any]] = []


def _once(make: Callable[[], Made]) -> Callable[[], Made]:
    """What `make` makes, made by the first who asks: the threads of a worker begin together."""
    memory: dict[str, Made] = {}
    _memories.append(memory)

    @functools.wraps(make)
    def made() -> Made:
        with _lock:
            if "made" not in memory:
                memory["made"] = make()
            return memory["made"]

    return made


@_once
def settings() -> Settings:
    """The settings of this process's environment."""
    return Settings.from_env(os.environ)


@_once
def host() -> ThisMachine:
    """The machine that this process runs on."""
    return ThisMachine(os.environ.get("PATH", os.defpath))


# What follows needs botocore, argon2 or msgspec, which take longer to import than all the rest: v1
# goes without.


@_once
def dynamo() -> "DynamoTaskStore":
    """The tables of this stage."""
    from chalicelib.aws.task_store import DynamoTaskStore

    names = settings().name
    tables = {name: names(name) for name in ("tasks", "reports", "keys")}
    return DynamoTaskStore(_dynamodb(), **tables)


@_once
def user_store() -> "DynamoUserStore":
    """The users of this stage."""
    from chalicelib.aws.user_store import DynamoUserStore

    return DynamoUserStore(_dynamodb(), settings().name("users"))


@_once
def _dynamodb() -> Any:
    from chalicelib.aws import client as aws

    return aws.client(_session(), "dynamodb")


@_once
def _session() -> Any:
    from chalicelib.aws import client as aws

    return aws.session()


@_once
def dispatcher() -> "SqsDispatcher":
    """The queues of this stage."""
    return _queues(patient=False)


@_once
def poller() -> "SqsDispatcher":
    """The same, with a client that may wait for messages."""
    return _queues(patient=True)


def _queues(*, patient: bool) -> "SqsDispatcher":
    from chalicelib.aws import client as aws
    from chalicelib.aws.sqs import SqsDispatcher

    client, names = aws.client(_session(), "sqs", patient=patient), settings().name
    return SqsDispatcher(client, queue=names("tasks"), dead=names("dead"))


@_once
def service() -> "TaskService":
    """The use cases of tasks."""
    from chalicelib.tasks.service import TaskService

    return TaskService(
        store=dynamo(), dispatcher=dispatcher(), clock=SystemClock(), settings=settings()
    )


@_once
def logins() -> "Logins":
    """What lets users in."""
    from chalicelib.aws.tally_store import DynamoTallyStore
    from chalicelib.users.logins import Logins
    from chalicelib.users.passwords import Memory
    from chalicelib.users.throttle import Throttle

    tallies = DynamoTallyStore(_dynamodb(), settings().name("tallies"))
    guesses = Throttle(store=tallies, clock=SystemClock(), limit=settings().login_failures)
    return Logins(
        users=user_store(), guesses=guesses, passwords=passwords(), memory=Memory(SystemClock())
    )


@_once
def directory() -> "UserService":
    """The use cases of users."""
    from chalicelib.users.service import UserService

    return UserService(store=user_store(), passwords=passwords(), clock=SystemClock())


@_once
def passwords() -> "Passwords":
    """What hashes passwords."""
    from chalicelib.users import passwords

    return passwords.Passwords(passwords.hasher())


@_once
def leases() -> "Keeper":
    """The leases that this process holds."""
    from chalicelib.tasks.keeper import Keeper

    return Keeper(store=dynamo(), clock=SystemClock(), settings=settings())


@_once
def worker() -> "Worker":
    """What deals with the queue's messages."""
    from chalicelib.tasks.worker import Worker

    return Worker(
        store=dynamo(),
        dispatcher=dispatcher(),
        host=host(),
        leases=leases(),
        clock=SystemClock(),
        settings=settings(),
    )


@_once
def sweeper() -> "Sweeper":
    """What looks after tasks that nobody works on."""
    from chalicelib.tasks.sweeper import Sweeper

    return Sweeper(
        store=dynamo(), dispatcher=dispatcher(), clock=SystemClock(), settings=settings()
    )


def clear() -> None:
    """Forget everything made so far; a test begins with another environment."""
    for memory in _memories:
        memory.clear()
