"""Following work until its end, or until a Ctrl-C: the second half of most commands."""

import contextlib
import signal
import time
from collections.abc import Callable
from typing import Any

from hoststat import registry, show
from hoststat.api import Api
from hoststat.errors import DONE, FAILED, NO_ANSWER, Gone, Problem, Unreachable
from hoststat.looks import Follower, Work
from hoststat.reports import Writer
from hoststat.screen import Screen
from hoststat.signals import Left, Signals, Stopped, leave

#: Seconds that an answer is held: at first, to learn soon what has not begun, and then.
_FIRST_HOLD, _HOLD = 1, 20
#: Seconds after a Ctrl-C in which a second one leaves everything as it was.
GRACE = 1.0
#: Seconds after which a service says that a task waits because no worker is there.
_UNATTENDED = 11.0
#: Seconds that a report may be late until we ask whether its host is still there.
_QUIET = 60
#: Seconds beyond its `start_within` that the end of a task is waited for.
_SWEEP = 2.0


def follow(
    api: Api, screen: Screen, writer: Writer, begin: Callable[[], Work], *, owned: bool = True
) -> int:
    """Begin some work and show its reports until it has ended; give the exit code.

    The first signal stops it over there, if it is `owned`. Raises Problem, Failed.
    """
    return _Following(api, screen, writer, owned=owned).run(begin)


class _Following:
    def __init__(self, api: Api, screen: Screen, writer: Writer, *, owned: bool) -> None:
        self._api, self._screen, self._writer, self._owned = api, screen, writer, owned
        self._signals = Signals(self._told)
        self._work: Work | None = None
        self._cancelled = self._warned = False
        #: Hosts that have gone in the middle of their windows, as we have said.
        self._lost = set[str]()

    def run(self, begin: Callable[[], Work]) -> int:
        signals = self._signals
        self._api.interruptible, self._api.sleep = signals.waiting, signals.sleep
        try:
            with signals:
                return self._begin(begin)
        except Left as left:
            self._screen.note(f"left. {self._way()}")
            leave(left.number)
        except Unreachable as broken:
            raise Unreachable(f"{broken} {self._way()}".rstrip()) from broken

    def _begin(self, begin: Callable[[], Work]) -> int:
        try:
            self._work = begin()
        except Stopped:
            self._screen.note("it is not known whether it was made: `hoststat tasks` shows it.")
            return 128 + self._signals.first
        follower = Follower(self._api, self._work, text=self._writer.needs_text)
        self._api.lost = lambda why: setattr(follower, "lost", why)
        with self._screen.progress(follower.progress):
            try:
                self._follow(follower, self._work)
            except Gone:
                self._abandon(self._work)
                first = self._signals.first
                return self._code_of_signal(self._work) if first else 128 + signal.SIGPIPE
            except OSError:
                # Such as a full disk: the rest could not be written either.
                self._abandon(self._work)
                raise
        if self._signals.first:
            if self._cancelled:
                kept = show.number(follower.seen, "report")
                self._screen.remark(f"stopped: {kept} kept. {self._way()}")
            return self._code_of_signal(self._work)
        return self._outcome(follower, self._work)

    def _follow(self, follower: Follower, work: Work) -> None:
        try:
            self._look(follower, work)
        except Stopped:
            if not self._owned:
                return
            if self._signals.first == signal.SIGINT:
                time.sleep(max(0.0, self._signals.at + GRACE - time.monotonic()))
            self._cancel(work)
            while not follower.ended:
                self._writer.reports(follower.look(_HOLD))
        if self._writer.needs_text and not follower.text and follower.ended:
            self._writer.whole(follower.rest())

    def _look(self, follower: Follower, work: Work) -> None:
        """Show reports until the end, or until only hosts are left that did not begin in time."""
        began = time.monotonic()
        found = follower.look(_FIRST_HOLD)
        self._writer.expect([it["host"] for it in follower.tasks])
        self._writer.reports(found)
        if self._writer.needs_text and not follower.text:
            self._screen.note("this service is older: the text comes when the window has ended.")
        self._name_offline(follower, work)
        self._name_silence(follower, work)
        while not follower.ended:
            hold = _HOLD
            waiting = follower.waiting()
            if waiting and work.start_within is None:
                soon = began + _UNATTENDED - time.monotonic()
                hold = min(_HOLD, int(soon) + 1) if soon > 0 else _HOLD
            if work.start_within is not None and waiting:
                left = began + work.start_within + _SWEEP - time.monotonic()
                if left <= 0 and not any(it["state"] == "STARTED" for it in follower.tasks):
                    # What is late cannot begin any more: the service ends it, and keeps why.
                    if work.impatient:
                        self._cancel(work)
                    return
                hold = max(1, min(_HOLD, int(left) + 1))
            self._writer.reports(follower.look(hold))
            self._name_silence(follower, work)
            self._name_lost(follower)

    def _name_silence(self, follower: Follower, work: Work) -> None:
        """Say once that no worker is there: nobody shall wait for ever and not know why."""
        why = follower.body.get("waiting")
        if why and not self._warned:
            self._warned = True
            self._screen.note(f"{why} `hoststat cancel {work.id}` ends this one.")

    def _name_offline(self, follower: Follower, work: Work) -> None:
        """Name the hosts that cannot begin now, so that nobody waits for them unknowingly."""
        waiting = [host for host in follower.waiting() if host]
        if waiting and work.start_within is not None:
            for sentence in registry.absent(self._api, waiting).values():
                self._screen.note(f"{sentence}; it has {work.start_within} s to begin.")

    def _name_lost(self, follower: Follower) -> None:
        """Name hosts that have gone in the middle of their windows, each time that one does."""
        quiet = follower.quiet(_QUIET)
        self._lost.intersection_update(quiet)
        unknown = [host for host in quiet if host not in self._lost]
        lost = registry.absent(self._api, unknown) if unknown else {}
        for host, sentence in lost.items():
            self._lost.add(host)
            self._screen.note(f"{sentence}; its window goes on when its worker is back.")

    def _abandon(self, work: Work) -> None:
        """Cancel what is ours: nobody can have the rest of it here."""
        if self._owned:
            self._cancel(work)

    def _cancel(self, work: Work) -> None:
        """Cancel what has not ended yet."""
        with contextlib.suppress(Problem):
            self._api.ask("DELETE", work.path)
        self._cancelled = True

    def _told(self, number: int) -> None:
        name = self._work.name if self._work else "it"
        if not self._owned:
            self._screen.note(f"{name} goes on. {self._way()}")
        elif number == signal.SIGINT:
            self._screen.note(f"stopping {name} … (again to leave it running)")
        else:
            self._screen.note(f"stopping {name} …")

    def _way(self) -> str:
        """Give the sentence that says how to come back."""
        if self._work is None:
            return ""
        work_id = self._work.id
        if self._cancelled:
            how = "watch" if self._work.is_group else "show"
            return f"`hoststat {how} {work_id}` shows what was measured."
        return f"`hoststat watch {work_id}` picks it up, `hoststat cancel {work_id}` stops it."

    def _code_of_signal(self, work: Work) -> int:
        # iostat without a COUNT ends by Ctrl-C alone: that is its usual end.
        number = self._signals.first
        return DONE if number == signal.SIGINT and not work.counted else 128 + number

    def _outcome(self, follower: Follower, work: Work) -> int:
        """Say what did not work, and why; give the exit code."""
        silent = {*follower.body.get("no_answer", []), *follower.waiting()}
        silent -= {it["host"] for it in follower.tasks if it["state"] == "REVOKED"}
        if not work.is_group and follower.body.get("started_at") is None:
            silent |= {it["host"] for it in follower.tasks if it["host"] and it["why"]}
        failed = False
        for task in follower.tasks:
            why = self._why(task, work)
            if why:
                self._screen.complain(why)
                failed = failed or task["host"] not in silent
        if not work.counted and not failed and not silent:
            self._screen.note("a window takes no more reports than these; start another one.")
        return FAILED if failed else NO_ANSWER if silent else DONE

    def _why(self, task: dict[str, Any], work: Work) -> str:
        host = task["host"] or work.name
        if task["state"] == "FAILURE":
            return task.get("why") or f"{host} failed."
        if task["state"] == "QUEUED":
            return f"{host} did not begin it within {work.start_within} s."
        return f"{host} was cancelled." if task["state"] == "REVOKED" else ""
