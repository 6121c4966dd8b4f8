"""Builds the objects of this process, each once, when it is first used.

Only here and in `stores` are modules imported inside functions. An answer of v1 needs none of them,
and botocore, argon2 and msgspec take longer to import than everything else.
"""

import os
from typing import TYPE_CHECKING, Any

from chalicelib.lazy import part
from chalicelib.measure.machine import SANDBOX, ThisMachine
from chalicelib.measure.model import Machine
from chalicelib.stores import Stores

if TYPE_CHECKING:
    from chalicelib.hosts.attendance import Attendance
    from chalicelib.hosts.service import HostService
    from chalicelib.tasks.fan_out import FanOut
    from chalicelib.tasks.groups import GroupService
    from chalicelib.tasks.host_tasks import HostTasks
    from chalicelib.tasks.keeper import Keeper
    from chalicelib.tasks.service import TaskService
    from chalicelib.tasks.sweeper import Sweeper
    from chalicelib.tasks.worker import Worker
    from chalicelib.users.logins import Logins
    from chalicelib.users.passwords import Passwords
    from chalicelib.users.service import UserService


class Parts(Stores):
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
        return ThisMachine(path, name=SANDBOX if in_lambda else None, clock=self.clock)

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
            tasks=self.tasks, hosts=self.hosts, clock=self.clock, settings=self.settings
        )

    @part
    def fan_out(self) -> "FanOut":
        """What makes the tasks of groups."""
        from chalicelib.tasks.fan_out import FanOut

        return FanOut(
            groups=self.group_store,
            store=self.task_store,
            dispatcher=self.dispatcher,
            clock=self.clock,
            settings=self.settings,
        )

    @part
    def groups(self) -> "GroupService":
        """The use cases of groups."""
        from chalicelib.tasks.groups import GroupService

        return GroupService(
            groups=self.group_store,
            store=self.task_store,
            hosts=self.host_store,
            fan_out=self.fan_out,
            clock=self.clock,
            settings=self.settings,
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
            fan_out=self.fan_out,
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


#: The parts of this process.
parts = Parts()
