"""Which open tasks a sweep looks at, and in which order."""

import itertools
from collections.abc import Iterator, Mapping

from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION
from chalicelib.tasks.ports import Store

#: Open tasks of each version that one sweep looks at, besides all that are running. Users may ask
#: groups of 1,000 hosts. With 2,000 tasks running and 1,000 hosts a sweep takes 5,000 read units.
MOST: Mapping[str, int] = {LOGIN_VERSION: 3000, OPEN_VERSION: 1000}
#: Tasks that are read at once.
_BATCH = 100


def batches(
    store: Store, now: float, places: dict[str, Cursor]
) -> Iterator[tuple[list[str], bool]]:
    """Give the ids of the tasks to look at, each once, and how to read them.

    Those that a run has a lease on come first, all of them, and are to be read fresh. Of the others
    it is enough to know how they were a moment ago: each write has a condition. They are a share of
    each version, behind its place in `places`, where the place at which the share ends is noted.
    """
    seen: set[str] = set()
    running = itertools.chain(store.running(), store.due(now))
    others = itertools.chain.from_iterable(
        _share(store, version, most, places, seen) for version, most in MOST.items()
    )
    for listed, fresh in ((running, True), (others, False)):
        new = _unseen(listed, seen)
        while batch := list(itertools.islice(new, _BATCH)):
            yield batch, fresh


def _unseen(listed: Iterator[str], seen: set[str]) -> Iterator[str]:
    for task_id in listed:
        if task_id not in seen:
            seen.add(task_id)
            yield task_id


def _share(
    store: Store, version: str, most: int, places: dict[str, Cursor], seen: set[str]
) -> Iterator[str]:
    """Give the next open tasks of a version, and note in `places` where they end."""
    number = 0
    for place in store.unended(version, places.get(version)):
        if number == most:
            return
        number += place.task_id not in seen
        places[version] = place
        yield place.task_id
    # That was the last one. The next sweep begins with the oldest.
    places.pop(version, None)
