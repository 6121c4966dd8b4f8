"""Settings: environment variables, read late, each with a default.

Named tuples, here and in what an answer of v1 needs: `dataclasses` takes 5 ms to import.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

_MAY_BE_ZERO = {"HOLD_SECONDS"}


class Settings(NamedTuple):
    """What a stage can set; every field is the variable of its name in capitals."""

    #: Names the tables and the queue: ``hoststat-STAGE-…``.
    stage: str = "dev"
    #: Reports in a window, at most.
    max_count: int = 10_000
    #: Seconds between two reports, at most.
    max_wait: int = 86_400
    #: Seconds a window may last, at most.
    max_window: int = 30 * 86_400
    #: Seconds that v1 may keep its caller waiting.
    sync_seconds: float = 25
    #: Seconds that a claim holds without a heartbeat.
    lease_seconds: float = 90
    #: Seconds between two heartbeats.
    heartbeat_seconds: float = 15
    #: Seconds between two looks for cancelled windows.
    cancel_seconds: float = 2
    #: Seconds between two sweeps, and before a first hint is sent again.
    sweep_seconds: float = 60
    #: Runs in a row that may fail before the task is a failure.
    max_attempts: int = 5
    #: Seconds that one run of a worker holds a window.
    segment_seconds: float = 840
    #: Seconds that an answer is held at most, until there is something new; 0: never.
    hold_seconds: float = 20
    #: Windows that one local or host worker runs at once.
    concurrency: int = 200
    #: Days that a task is kept after its end.
    keep_days: float = 7
    #: Wrong logins before they are slowed down.
    login_failures: int = 10
    #: A sentence that an answer of 503 ends with.
    outage_hint: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from `environ`.

        Raises ValueError, naming the variable, where a number is none, or not above 0.
        """
        given: dict[str, Any] = {}
        for name, kind in cls.__annotations__.items():
            key = name.upper()
            if key in environ:
                given[name] = _parse(key, environ[key], kind)
        settings = cls(**given)
        if settings.heartbeat_seconds >= settings.lease_seconds / 2:
            # A worker that misses one heartbeat must not lose its windows.
            raise ValueError("HEARTBEAT_SECONDS must be below half of LEASE_SECONDS")
        return settings

    def name(self, thing: str) -> str:
        """The name of a table or a queue of this stage."""
        return f"hoststat-{self.stage}-{thing}"


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
