"""The leases of all windows that this process measures, kept by one thread."""

import contextlib
import dataclasses
import enum
import threading
from collections.abc import Iterator

from chalicelib import errors, log
from chalicelib.settings import Settings
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.ports import Clock, Feed, Refused, Store
from chalicelib.tasks.run import Run

#: Heartbeats that may fail in one look before the rest wait for the next.
_MOST_OUTAGES = 3


class Stop(enum.Enum):
    """Why a window was stopped before its end."""

    #: Somebody cancelled the task.
    CANCELLED = enum.auto()
    #: The run holds it no more, or cannot be sure that it does.
    LOST = enum.auto()
    #: This worker ends.
    LEAVING = enum.auto()


@dataclasses.dataclass(eq=False)
class Hold:
    """A window that is being measured here."""

    run: Run
    feed: Feed
    stopped: Stop | None = None
    #: The monotonic time of the last heartbeat that failed: those come last in the next look.
    failed_at: float = 0

    def stop(self, why: Stop) -> None:
        """End the measuring; the first reason counts."""
        self.stopped = self.stopped or why
        self.feed.stop()


class Keeper:
    """Extends leases, and stops the windows that were cancelled or lost."""

    def __init__(
        self, *, store: Store, clock: Clock, settings: Settings, threaded: bool = True
    ) -> None:
        """Without a thread (`threaded`) somebody else must `tick`."""
        self._store, self._clock, self._settings = store, clock, settings
        self._threaded = threaded
        self._lock = threading.Lock()
        self._holds: set[Hold] = set()
        self._keeper: threading.Thread | None = None
        self._leaving = False

    @contextlib.contextmanager
    def hold(self, run: Run, feed: Feed) -> Iterator[Hold]:
        """Keep the lease of `run` for as long as the context lasts."""
        hold = Hold(run, feed)
        try:
            with self._lock:
                self._holds.add(hold)
                if self._threaded and self._keeper is None:
                    keeper = threading.Thread(target=self._keep, name="leases", daemon=True)
                    keeper.start()
                    self._keeper = keeper
            if self._leaving:
                hold.stop(Stop.LEAVING)
            yield hold
        finally:
            with self._lock:
                self._holds.discard(hold)

    def leave(self) -> None:
        """Stop every window, those too that begin later: this worker ends."""
        self._leaving = True
        for hold in self.held():
            hold.stop(Stop.LEAVING)

    def tick(self) -> None:
        """Look after every window once. Whatever is wrong with one, the others are kept."""
        holds = sorted(self.held(), key=lambda hold: max(hold.run.held_from, hold.failed_at))
        self._stop_lost(holds)
        try:
            self._stop_cancelled(holds)
        except errors.Outage as outage:
            log.event("cancels not looked for", windows=len(holds), why=str(outage))
        except Exception:
            log.failure("cancels not looked for", windows=len(holds))
        outages = 0
        for hold in holds:
            if outages < _MOST_OUTAGES and not hold.stopped and not self._beat(hold):
                outages += 1
                # Asking took its time: others may have lost theirs meanwhile.
                self._stop_lost(holds)

    def _beat(self, hold: Hold) -> bool:
        """Extend one lease if that is due; give whether DynamoDB could be asked."""
        try:
            hold.run.beat()
        except Refused as refused:
            hold.stop(why_lost(refused.old))
        except errors.LeaseLost:
            hold.stop(Stop.LOST)
        except errors.Outage as outage:
            hold.failed_at = self._clock.monotonic()
            log.event("lease not kept", task_id=hold.run.task.task_id, why=str(outage))
            return False
        except Exception:
            log.failure("lease not kept", task_id=hold.run.task.task_id)
        return True

    def _stop_lost(self, holds: list[Hold]) -> None:
        for hold in holds:
            if not hold.run.held:
                hold.stop(Stop.LOST)

    def _stop_cancelled(self, holds: list[Hold]) -> None:
        asked = [hold for hold in holds if not hold.stopped]
        ids = {hold.run.task.task_id for hold in asked}
        by_id = {task.task_id: task for task in self._store.get_many(sorted(ids))}
        for hold in asked:
            task = by_id.get(hold.run.task.task_id)
            if task and (task.state is not State.STARTED or task.run != hold.run.task.run):
                hold.stop(why_lost(task))

    def held(self) -> list[Hold]:
        """The windows that are being measured."""
        with self._lock:
            return list(self._holds)

    def _keep(self) -> None:
        """The thread: it ends when nothing is held, so that a frozen Lambda has none."""
        while True:
            self._clock.sleep(min(self._settings.cancel_seconds, self._settings.heartbeat_seconds))
            with self._lock:
                if not self._holds:
                    self._keeper = None
                    return
            try:
                self.tick()
            except Exception:
                log.failure("leases not kept")


def why_lost(task: Task | None) -> Stop:
    """Why a run may not write any more, from the task as it stands."""
    revoked = task is not None and task.state is State.REVOKED
    return Stop.CANCELLED if revoked else Stop.LOST
