"""The keeper: one thread that looks after every window that this process measures."""

import contextlib
import dataclasses
import enum
import threading
from collections.abc import Iterator

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.measure.model import Feed
from chalicelib.settings import Settings
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.ports import Refused, Store
from chalicelib.tasks.run import Run

#: After this many failed heartbeats a round ends: each takes seconds. The next round goes on.
_MOST_OUTAGES = 3


class Stop(enum.Enum):
    """Why a window was stopped before its end."""

    #: Somebody cancelled the task.
    CANCELLED = enum.auto()
    #: The run lost its lease, or cannot be sure that it still has it.
    LOST = enum.auto()
    #: This worker is shutting down.
    LEAVING = enum.auto()


@dataclasses.dataclass(eq=False)
class Measurement:
    """A window that is being measured in this process."""

    run: Run
    feed: Feed
    stopped: Stop | None = None
    #: The monotonic time of the last heartbeat that failed. Such windows come last in a round.
    failed_at: float = 0

    def stop(self, why: Stop) -> None:
        """Stop measuring. If it is stopped twice, the first reason counts."""
        self.stopped = self.stopped or why
        self.feed.stop()


class Keeper:
    """Extends leases, and stops the windows that were cancelled or whose lease is lost."""

    def __init__(
        self, *, store: Store, clock: Clock, settings: Settings, threaded: bool = True
    ) -> None:
        """If it is not `threaded`, its owner must call `tick`, once a heartbeat or more often."""
        self._store, self._clock, self._settings = store, clock, settings
        self._threaded = threaded
        self._lock = threading.Lock()
        self._measurements: set[Measurement] = set()
        self._thread: threading.Thread | None = None
        self._leaving = False

    @contextlib.contextmanager
    def keep(self, run: Run, feed: Feed) -> Iterator[Measurement]:
        """Keep the lease of `run` for as long as the context lasts."""
        measurement = Measurement(run, feed)
        try:
            with self._lock:
                self._measurements.add(measurement)
                if self._threaded and self._thread is None:
                    thread = threading.Thread(target=self._loop, name="keeper", daemon=True)
                    thread.start()
                    self._thread = thread
            if self._leaving:
                measurement.stop(Stop.LEAVING)
            yield measurement
        finally:
            with self._lock:
                self._measurements.discard(measurement)

    def leave(self) -> None:
        """Stop every window, and each one that begins later: this worker is shutting down."""
        self._leaving = True
        for measurement in self.measurements():
            measurement.stop(Stop.LEAVING)

    def measurements(self) -> list[Measurement]:
        """Give the windows that are being measured."""
        with self._lock:
            return list(self._measurements)

    def tick(self) -> None:
        """Look after every window once. An error with one window does no harm to the others."""
        ordered = sorted(self.measurements(), key=lambda it: max(it.run.leased_at, it.failed_at))
        self._stop_lost(ordered)
        try:
            self._stop_cancelled(ordered)
        except errors.Outage as outage:
            log.event("cancelled tasks not looked up", windows=len(ordered), why=outage.why)
        except Exception:
            log.failure("cancelled tasks not looked up", windows=len(ordered))
        outages = 0
        for measurement in ordered:
            if outages < _MOST_OUTAGES and not measurement.stopped and not self._beat(measurement):
                outages += 1
                # The failed request took its time: other leases may have run out meanwhile.
                self._stop_lost(ordered)

    def _beat(self, measurement: Measurement) -> bool:
        """Extend one lease if that is due; tell whether to go on: False after an Outage."""
        task_id = measurement.run.task.task_id
        try:
            measurement.run.beat()
        except Refused as refused:
            measurement.stop(why_refused(refused.old))
        except errors.LeaseLost:
            measurement.stop(Stop.LOST)
        except errors.Outage as outage:
            measurement.failed_at = self._clock.monotonic()
            log.event("lease not extended", task_id=task_id, why=outage.why)
            return False
        except Exception:
            log.failure("lease not extended", task_id=task_id)
        return True

    def _stop_lost(self, measurements: list[Measurement]) -> None:
        for measurement in measurements:
            if not measurement.run.may_write:
                measurement.stop(Stop.LOST)

    def _stop_cancelled(self, measurements: list[Measurement]) -> None:
        running = [it for it in measurements if not it.stopped]
        ids = {it.run.task.task_id for it in running}
        by_id = {task.task_id: task for task in self._store.get_many(sorted(ids))}
        for measurement in running:
            ours = measurement.run.task
            task = by_id.get(ours.task_id)
            if task and (task.state is not State.STARTED or task.run != ours.run):
                measurement.stop(why_refused(task))

    def _loop(self) -> None:
        """Tick until no window is left. Then end: Lambda freezes processes that are idle."""
        while True:
            self._clock.sleep(min(self._settings.cancel_seconds, self._settings.heartbeat_seconds))
            with self._lock:
                if not self._measurements:
                    self._thread = None
                    return
            try:
                self.tick()
            except Exception:
                log.failure("round of the keeper failed")


def why_refused(task: Task | None) -> Stop:
    """Tell why a run may not write any more. `task` is the stored one, None if there is none."""
    revoked = task is not None and task.state is State.REVOKED
    return Stop.CANCELLED if revoked else Stop.LOST
