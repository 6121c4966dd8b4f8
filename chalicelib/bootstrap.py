"""Builds the objects of this process, each once, when it is first used.

Only here are modules imported inside functions. An answer of v1 needs none of them, and botocore,
argon2 and msgspec take longer to import than everything else.
"""

import os
from typing import TYPE_CHECKING, Any

from chalicelib.clients import Clients
from chalicelib.lazy import part
from chalicelib.measure.machine import SANDBOX, ThisMachine
from chalicelib.measure.model import Machine

if TYPE_CHECKING:
    from chalicelib.aws.sqs import Queue, SqsHostQueues
    from chalicelib.hosts.attendance import Attendance
    from chalicelib.hosts.ports import HostQueues, HostStore
    from chalicelib.hosts.service import HostService
    from chalicelib.tasks.host_tasks import HostTasks
    from chalicelib.tasks.keeper import Keeper
    from chalicelib.tasks.ports import Dispatcher, Store
    from chalicelib.tasks.service import TaskService
    from chalicelib.tasks.sweeper import Sweeper
    from chalicelib.tasks.worker import Worker
    from chalicelib.users.logins import Logins
    from chalicelib.users.model import UserStore
    from chalicelib.users.passwords import Passwords
    from chalicelib.users.service import UserService
    from chalicelib.users.throttle import TallyStore


class Parts(Clients):
    """The objects of a process. A part that is given takes the place of the one built here."""

    @part
    def own_name(self) -> str | None:
        """The name of the host that this process is the worker of; None if it is no host."""
        return None

    @part
    def machine(self) -> Machine:
        """The machine that this process runs on."""
        in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        path = os.environ.get("PATH", os.defpath)
        return ThisMachine(path, name=SANDBOX if in_lambda else None)

    @part
    def tasks(self) -> "TaskService":
        """The use cases of tasks."""
        from chalicelib.tasks.service import TaskService

        return TaskService(
            store=self.task_store,
            dispatcher=self.dispatcher,
            clock=self.clock,
            settings=self.settings,
            attendance=self.attendance,
        )

    @part
    def host_tasks(self) -> "HostTasks":
        """The use cases of tasks for hosts."""
        from chalicelib.tasks.host_tasks import HostTasks

        return HostTasks(
            tasks=self.tasks, hosts=self.host_store, clock=self.clock, settings=self.settings
        )

    @part
    def keeper(self) -> "Keeper":
        """What keeps the leases of this process."""
        from chalicelib.tasks.keeper import Keeper

        return Keeper(store=self.task_store, clock=self.clock, settings=self.settings)

    @part
    def worker(self) -> "Worker":
        """What deals with the messages of the queue."""
        from chalicelib.tasks.worker import Worker

        return Worker(
            store=self.task_store,
            dispatcher=self.dispatcher,
            machine=self.machine,
            keeper=self.keeper,
            clock=self.clock,
            comparison=self.comparison,
            settings=self.settings,
            host=self.own_name,
        )

    @part
    def sweeper(self) -> "Sweeper":
        """What looks after tasks that nobody works on."""
        from chalicelib.tasks.sweeper import Sweeper

        return Sweeper(
            store=self.task_store,
            dispatcher=self.dispatcher,
            clock=self.clock,
            comparison=self.comparison,
            settings=self.settings,
            hosts=self.host_store,
            queues=self.host_queues,
        )

    @part
    def users(self) -> "UserService":
        """The use cases of users."""
        from chalicelib.users.service import UserService

        return UserService(store=self.user_store, passwords=self.passwords, clock=self.clock)

    @part
    def user_schemas(self) -> dict[str, dict[str, Any]]:
        """The rules of a user's fields as JSON Schemas, by field."""
        from chalicelib.users import fields

        return fields.schemas()

    @part
    def logins(self) -> "Logins":
        """What checks logins."""
        from chalicelib.users.logins import Logins
        from chalicelib.users.passwords import RecentLogins
        from chalicelib.users.throttle import Throttle

        limit = self.settings.login_failures
        return Logins(
            users=self.user_store,
            throttle=Throttle(store=self.tally_store, clock=self.clock, limit=limit),
            passwords=self.passwords,
            recent=RecentLogins(self.clock),
        )

    @part
    def passwords(self) -> "Passwords":
        """What hashes passwords."""
        from chalicelib.users import passwords

        return passwords.Passwords(passwords.hasher())

    @part
    def task_store(self) -> "Store":
        """The tables of tasks, reports and idempotency keys."""
        from chalicelib.aws.task_store import DynamoTaskStore

        names = self.settings.name
        tables = {name: names(name) for name in ("tasks", "reports", "keys")}
        return DynamoTaskStore(self.dynamodb, **tables)

    @part
    def user_store(self) -> "UserStore":
        """The table of users."""
        from chalicelib.aws.user_store import DynamoUserStore

        return DynamoUserStore(self.dynamodb, self.settings.name("users"))

    @part
    def tally_store(self) -> "TallyStore":
        """The table of tallies of wrong logins."""
        from chalicelib.aws.user_store import DynamoTallyStore

        return DynamoTallyStore(self.dynamodb, self.settings.name("tallies"))

    @part
    def dispatcher(self) -> "Dispatcher":
        """The queues of hints."""
        from chalicelib.aws.sqs import Queue, SqsDispatcher, SqsHostQueues

        queues, dead = self._queues(self.sqs), Queue(self.sqs, self.settings.name("dead"))
        return SqsDispatcher(queues, dead, SqsHostQueues(self.sqs, self.settings.name("host-")).of)

    @part
    def receivers(self) -> "dict[str, Queue]":
        """The queues of hints by the version of the API, with a client that waits for messages."""
        return self._queues(self.make_sqs(long_poll=True))

    @part
    def hosts(self) -> "HostService":
        """The use cases of the registry of hosts."""
        from chalicelib.hosts.service import HostService

        return HostService(store=self.host_store, queues=self.host_queues, clock=self.clock)

    @part
    def attendance(self) -> "Attendance":
        """What tells whether anybody works."""
        from chalicelib.hosts.attendance import Attendance

        on_lambda = self.settings.lambda_worker == "on"
        return Attendance(store=self.host_store, clock=self.clock, on_lambda=on_lambda)

    @part
    def host_store(self) -> "HostStore":
        """The table of hosts."""
        from chalicelib.aws.host_store import DynamoHostStore

        return DynamoHostStore(self.dynamodb, self.settings.name("hosts"))

    @part
    def host_queues(self) -> "HostQueues":
        """The queues of hosts."""
        from chalicelib.aws.sqs import SqsHostQueues

        return SqsHostQueues(self.sqs, self.settings.name("host-"))

    @part
    def host_receivers(self) -> "SqsHostQueues":
        """The queues of hosts, with a client that waits for messages."""
        from chalicelib.aws.sqs import SqsHostQueues

        return SqsHostQueues(self.make_sqs(long_poll=True), self.settings.name("host-"))

    def _queues(self, sqs: Any) -> "dict[str, Queue]":
        from chalicelib.aws.sqs import Queue
        from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION

        return {
            LOGIN_VERSION: Queue(sqs, self.settings.name("tasks")),
            OPEN_VERSION: Queue(sqs, self.settings.name("open-tasks")),
        }


#: The parts of this process.
parts = Parts()
