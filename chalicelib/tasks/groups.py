"""The use cases of groups: create one, look at it, cancel it."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from chalicelib import errors, ids, log
from chalicelib.clock import Clock
from chalicelib.hosts.ports import HostStore
from chalicelib.settings import Settings
from chalicelib.tasks import group as standings
from chalicelib.tasks import idempotency, page, progress, targets, task_ids
from chalicelib.tasks.fan_out import FanOut
from chalicelib.tasks.group import Asked, Group, GroupLook, GroupView, HostReport, Standing
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import DAY, SPARE_DAYS, Report, State, Task
from chalicelib.tasks.ports import GroupStore, Store

#: Seconds between two reads while an answer is held.
_LOOK_SECONDS = 1
#: Reports that are read at once.
_BATCH = 100
#: Seconds after which a report that an eventual read does not find is missing for good.
_SETTLED = 60


class GroupService:
    """What callers do with groups. Every method may raise Outage."""

    def __init__(
        self,
        *,
        groups: GroupStore,
        store: Store,
        hosts: HostStore,
        fan_out: FanOut,
        clock: Clock,
        settings: Settings,
        new_id: Callable[[], str] = ids.new_id,
    ) -> None:
        self._groups, self._store, self._hosts, self._fan_out = groups, store, hosts, fan_out
        self._clock, self._settings, self._new_id = clock, settings, new_id

    def create(self, asked: Asked, *, owner: str, key: str | None = None) -> str:
        """Accept what is asked of hosts and give the id of the group, which stands from then on.

        `key` is the client's Idempotency-Key: a create that the same user sends again with it gets
        the same group. Raises NoSuchHosts, Invalid, KeyReused, KeyInUse.
        """
        digest = None if key is None else idempotency.digest(key, "group", owner)
        now = self._clock.now()
        if digest and (earlier := self._store.key(digest, now)):
            return self._again(earlier, asked)
        group = self._new(asked, owner, now)
        ours = digest and IdempotencyKey(
            key=digest,
            task_id=group.group_id,
            window=group.window,
            valid_until=now + idempotency.VALID_SECONDS,
            asked=asked.digest(),
        )
        try:
            other = self._groups.create(group, ours or None)
        except errors.Conflict as conflict:
            raise errors.KeyInUse from conflict
        if other:
            return self._again(other, asked)
        log.event("group created", group_id=group.group_id, hosts=len(group.hosts), user=owner)
        try:
            self._fan_out.make(group)
        except errors.Outage as outage:
            # It stands: the sweeper goes on with it.
            log.event("group not finished", group_id=group.group_id, why=outage.why)
        return group.group_id

    def _again(self, earlier: IdempotencyKey, asked: Asked) -> str:
        if earlier.asked != asked.digest():
            raise errors.KeyReused
        return earlier.task_id

    def _new(self, asked: Asked, owner: str, now: float) -> Group:
        found = targets.resolve(asked.hosts, self._hosts, self._settings.max_hosts)
        start_by = now + asked.start_within
        # Each task can be read for its days after its end, and until then every task of it.
        longest = 2 * asked.window.seconds + (SPARE_DAYS + 1 + self._settings.keep_days) * DAY
        return Group(
            group_id=self._new_id(),
            hosts=tuple(found),
            what=asked.what,
            window=asked.window,
            owner=owner,
            created_at=now,
            start_by=start_by,
            expires_at=math.ceil(now + longest),
        )

    def look(self, group_id: str, look: GroupLook) -> GroupView:
        """Give a group and the reports that `look` asks for, as soon as there is something new.

        The end of the whole group is new, and so is a report if `look` has `detail`; then more of
        them are gathered for a moment. Raises NoSuchGroup, Invalid for a cursor that is not of this
        group.
        """
        group = self._find(group_id)
        since = [0] * len(group.hosts)
        if look.since is not None:
            since = progress.read(look.since, hosts=len(group.hosts), most=group.window.count)
        standing = self._await_news(group, since, look)
        if not look.detail:
            return GroupView(standing, [], since)
        return self._with_reports(standing, since, look)

    def _await_news(self, group: Group, since: Sequence[int], look: GroupLook) -> Standing:
        hold = min(look.timeout, self._settings.hold_seconds)
        deadline, gathered = self._clock.monotonic() + hold, False
        while True:
            standing = self._standing(group)
            left = deadline - self._clock.monotonic()
            if standing.ended or left <= 0 or gathered:
                return standing
            pause: float = _LOOK_SECONDS
            new = [it.done > at for it, at in zip(standing.tasks, since, strict=True)]
            if look.detail and any(new):
                tasks = zip(standing.tasks, new, strict=True)
                if all(is_new for task, is_new in tasks if task.state is State.STARTED):
                    return standing
                gathered, pause = True, min(group.window.wait, _LOOK_SECONDS)
            self._clock.sleep(min(left, pause))

    def _standing(self, group: Group, *, fresh: bool = False) -> Standing:
        tasks = self._store.get_many(group.ids(), fresh=fresh)
        if group.cancelled_at is None and any(it.state is State.REVOKED for it in tasks):
            # Perhaps not only the task was cancelled, but the group.
            group = self._groups.get(group.group_id) or group
        return standings.standing(group, tasks, self._settings.sweep_seconds)

    def _with_reports(self, standing: Standing, since: list[int], look: GroupLook) -> GroupView:
        """Add the reports that follow `since`, as many as fit, those of the same age together."""
        places: list[int] = []
        reports = self._reports(standing.tasks, since, places)
        found = page.cut(reports, texts=int(look.text), numbers_too=True)
        following = list(since)
        for place, view in zip(places, found, strict=False):
            following[place] = view.report.index + 1
        named = [
            HostReport(standing.group.hosts[place], it)
            for place, it in zip(places, found, strict=False)
        ]
        return GroupView(standing, named, following, has_more=len(places) > len(found))

    def _reports(self, tasks: list[Task], since: list[int], places: list[int]) -> Iterator[Report]:
        """Give the reports, and note in `places` of which task each one is."""
        wanted = _in_turn([it.done - at for it, at in zip(tasks, since, strict=True)])
        late: set[int] = set()
        while batch := list(itertools.islice(wanted, _BATCH)):
            asked = [(place, tasks[place], since[place] + ahead) for place, ahead in batch]
            stored = self._store.reports_at(
                [(task.task_id, index) for _, task, index in asked if not _has(task, index)]
            )
            for place, task, index in asked:
                report = stored.get((task.task_id, index))
                if _has(task, index):
                    report = task.last_report
                if report is None and self._clock.now() < (task.reported_at or 0) + _SETTLED:
                    # An eventual read may be behind: the next answer has it.
                    late.add(place)
                if place not in late:
                    places.append(place)
                    yield report or Report.missing(index)

    def cancel(self, group_id: str, *, by: str) -> None:
        """Revoke every task of a group that has not ended; `by` is the user who asks.

        Raises NoSuchGroup, GroupEnded if all of them had ended, and none by a cancel of the group.
        """
        standing = self._standing(self._find(group_id), fresh=True)
        if not standing.ended:
            self._fan_out.cancel(standing.group)
            log.event("group cancelled", group_id=group_id, by=by)
            standing = self._standing(self._find(group_id), fresh=True)
        if not standing.revoked:
            raise errors.GroupEnded(
                f"The group has ended as {standing.state} and cannot be cancelled."
            )

    def _find(self, group_id: str) -> Group:
        group = self._groups.get(group_id) if task_ids.is_uuid(group_id) else None
        if group is None or group.expired(self._clock.now()):
            raise errors.NoSuchGroup(group_id)
        return group


def _in_turn(left: list[int]) -> Iterator[tuple[int, int]]:
    """Give the first of each place, then the second of each, and so on, where so many are left."""
    for ahead in range(max(left, default=0)):
        yield from ((place, ahead) for place, many in enumerate(left) if many > ahead)


def _has(task: Task, index: int) -> bool:
    """Tell whether a task itself has the report of that index."""
    return task.last_report is not None and index == task.done - 1
