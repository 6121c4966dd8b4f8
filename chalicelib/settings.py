"""Settings: environment variables, read when they are first needed, each with a default."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

#: The most seconds between two reports of a host.
_DAY = 86_400
_MAY_BE_ZERO = {"HOLD_SECONDS", "OPEN_HOLD_SECONDS"}


class Settings(NamedTuple):
    """What a stage can set. Each field is the environment variable of its name in capitals."""

    #: The stage; it names the tables and queues: ``hoststat-STAGE-…``.
    stage: str = "dev"
    #: The most reports that a window may have.
    max_count: int = 10_000
    #: The most seconds between two reports.
    max_wait: int = 86_400
    #: The most seconds that a window may last.
    max_window: int = 30 * 86_400
    #: The same for whoever is not logged in, as in v2.
    open_max_window: int = 30 * 86_400
    #: The same for a window of a host, which no Lambda measures.
    host_max_window: int = 30 * 86_400
    #: The most hosts that a group may have.
    max_hosts: int = 1000
    #: Calls of DynamoDB and SQS that the create of a group makes at once.
    fan_out_threads: int = 16
    #: The longest window in seconds that v1 measures while its caller waits.
    sync_seconds: float = 25
    #: Seconds that a lease lasts when nothing extends it.
    lease_seconds: float = 90
    #: Seconds between two heartbeats.
    heartbeat_seconds: float = 15
    #: Seconds between two checks for cancelled windows.
    cancel_seconds: float = 2
    #: Seconds between two sweeps, and before the first hint of a task is sent again.
    sweep_seconds: float = 60
    #: Failed attempts in a row, without a report between them, that make a task a FAILURE.
    max_attempts: int = 5
    #: Seconds that one run of a worker measures before it hands the rest over.
    segment_seconds: float = 840
    #: The most seconds that an answer is held until there is something new; 0 is never.
    hold_seconds: float = 20
    #: The same for whoever is not logged in, as in v2. On AWS a held answer is a Lambda that waits.
    open_hold_seconds: float = 20
    #: Windows of users, and as many of v2, that one worker measures at once on a laptop or a host.
    #: Lambda ignores it.
    concurrency: int = 200
    #: The most open tasks of v2, in all and of one source address.
    open_tasks: int = 10_000
    open_tasks_per_source: int = 10_000
    #: Seconds after which a task that no worker has begun is a FAILURE.
    start_within: float = 86_400
    #: Days that a task can be read after its end.
    keep_days: float = 7
    #: Wrong logins within 10 minutes after which none is tried for a while.
    login_failures: int = 10
    #: Whether functions of Lambda take the messages: "on" or "off". The template sets it.
    lambda_worker: str = "off"
    #: A sentence that is added to each answer of 503: what a person can do about it.
    outage_hint: str = ""
    #: The same where no worker has been seen.
    no_worker_hint: str = ""
    #: A sentence that is added to each answer of 404 for a task: why else it may be gone.
    no_task_hint: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from `environ`.

        Raises ValueError, naming the variable, for a value that is not a number, is out of
        bounds, or does not fit another one.
        """
        given: dict[str, Any] = {}
        for name, kind in cls.__annotations__.items():
            key = name.upper()
            if key in environ:
                given[name] = _parse(key, environ[key], kind)
        settings = cls(**given)
        settings._check()
        return settings

    def for_strangers(self) -> Self:
        """Give the settings as they are for whoever is not logged in."""
        return self._replace(max_window=min(self.max_window, self.open_max_window))

    def name(self, thing: str) -> str:
        """Give the full name of a table or queue of this stage."""
        return f"hoststat-{self.stage}-{thing}"

    def for_hosts(self) -> Self:
        """Give the settings with the bounds of windows that hosts measure, and not Lambda."""
        return self._replace(max_wait=_DAY, max_window=self.host_max_window)

    def _check(self) -> None:
        """Raise ValueError for settings that are fine alone but not together."""
        if self.heartbeat_seconds >= self.lease_seconds / 2:
            # One missed heartbeat must not cost a worker its windows.
            raise ValueError("HEARTBEAT_SECONDS must be below half of LEASE_SECONDS")
        if self.keep_days < 1:
            # An idempotency key is valid for a day: a repeated create must find its task.
            raise ValueError("KEEP_DAYS must be at least 1, the day that an Idempotency-Key lasts")


def _parse(key: str, raw: str, kind: Any) -> Any:
    if kind is str:
        return raw
    try:
        number = kind(raw)
    except ValueError as exc:
        raise ValueError(f"{key} must be a number ({kind.__name__}), not {raw!r}") from exc
    if key in _MAY_BE_ZERO and number == 0:
        return number
    if not 0 < number < float("inf"):
        raise ValueError(f"{key} must be more than 0, not {raw!r}")
    return number
