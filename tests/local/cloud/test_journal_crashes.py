"""The journal after a crash at any call: all that was acknowledged is there, nothing by halves."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from local import stage
from local.cloud.journal import Journal, Refused
from tests.support import processes
from tests.support.fake_disk import Crash, FakeDisk, Pick
from tests.support.kept_tables import State, Tables

FOLDER = Path("/data")
#: Longer than a sector, so that a crash can leave one part of a record and lose another.
TEXT = "a text of some length " * 5

#: What is done with the tables: requests, and what the server does in between.
Step = tuple[str, int, int]


class Life:
    """One process from its start to a crash: what it has done, and what it has acknowledged."""

    def __init__(self, before: list[State]) -> None:
        """`before` are the states that its start may find."""
        #: The tables after each request, from the last that was acknowledged on.
        self.states = before

    def live(self, disk: FakeDisk, steps: list[Step]) -> None:
        """Start, do the steps and stop. Raises Crash."""
        tables = Tables(Journal(FOLDER, disk=disk))
        found = tables.state()
        assert found in self.states
        # The start itself has made that durable.
        self.states = [found]
        slices: Iterator[None] = iter(())
        for kind, one, other in steps:
            if kind == "flush":
                tables.journal.flush()
                self.states = self.states[-1:]
            elif kind == "compact":
                slices = tables.journal.slices(tables.backend)
                next(slices, None)
            elif kind == "slice":
                next(slices, None)
            else:
                request(tables, kind, one, other, len(self.states))
                self.states.append(tables.state())


def request(tables: Tables, kind: str, one: int, other: int, number: int) -> None:
    text = f"{TEXT} {kind} {number}"
    if kind == "put":
        tables.put(str(one), text=text)
    elif kind == "update":
        tables.update(str(one), text)
    elif kind == "delete":
        tables.delete(str(one))
    elif kind == "transact":
        tables.transact(str(one), number, delete=str(other), text=text)
    else:
        tables.write_reports(str(one), text, put=number, delete=number - 1)


def crash(life: Life, disk: FakeDisk, steps: list[Step]) -> bool:
    """Live; tell whether it came to the crash."""
    try:
        life.live(disk, steps)
    except Crash:
        return True
    return False


def lost(most: int) -> int:
    return 0


def kept(most: int) -> int:
    return most


#: Every call for the first time and again: starts, flushes of one and of many, two compactions.
STORY: list[Step] = [
    ("put", 1, 0),
    ("flush", 0, 0),
    ("transact", 2, 1),
    ("put", 3, 0),
    ("flush", 0, 0),
    ("compact", 0, 0),
    ("transact", 4, 3),
    ("flush", 0, 0),
    ("update", 2, 0),
    ("slice", 0, 0),
    ("batch", 4, 0),
    ("flush", 0, 0),
    ("compact", 0, 0),
    ("delete", 4, 0),
    ("slice", 0, 0),
    ("transact", 5, 2),
    ("flush", 0, 0),
]


def points(life: Life, disk: FakeDisk, steps: list[Step]) -> int:
    """Count the points where a life may crash."""
    assert not crash(life, disk, steps)
    return disk.points


@pytest.mark.parametrize("pick", [lost, kept])
def test_after_a_crash_at_any_point_everything_acknowledged_is_there(pick: Pick) -> None:
    all_points = points(Life([{}]), FakeDisk(), STORY)
    assert all_points > 80
    for at in range(all_points):
        life, disk = Life([{}]), FakeDisk(crash_at=at)
        assert crash(life, disk, STORY)
        assert not crash(life, disk.after_crash(pick), [])


@pytest.mark.parametrize("first", [lost, kept])
@pytest.mark.parametrize("second", [lost, kept])
def test_a_start_may_crash_too(first: Pick, second: Pick) -> None:
    for at in range(0, points(Life([{}]), FakeDisk(), STORY), 4):
        life, disk = Life([{}]), FakeDisk(crash_at=at)
        assert crash(life, disk, STORY)
        again = 0
        while crash(copied := Life(life.states), restarted := disk.after_crash(first, again), []):
            assert not crash(copied, restarted.after_crash(second), [])
            again += 1
        assert again > 10


def bounded(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        # Not shrunk: on a busy machine that takes longer than the tests may.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["put", "update", "delete", "transact", "batch", "flush", "flush", "compact", "slice"]
        ),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=25,
)


@bounded(300)
@hypothesis.given(
    st.lists(st.tuples(STEPS, st.integers(0, 120)), min_size=1, max_size=4), st.integers(0, 2**32)
)
def test_any_lives_with_any_crashes_keep_what_was_acknowledged(
    lives: list[tuple[list[Step], int]], seed: int
) -> None:
    chance = random.Random(seed)
    life, disk = Life([{}]), FakeDisk()
    for steps, at in lives:
        disk = disk.after_crash(lambda most: chance.randint(0, most), crash_at=at)
        crash(life, disk, steps)
    assert not crash(life, disk.after_crash(lambda most: chance.randint(0, most)), [])


@bounded(200)
@hypothesis.given(STEPS, st.integers(0, 2**20), st.integers(1, 255))
def test_damage_is_refused_unless_the_last_write_alone_has_it(
    steps: list[Step], place: int, flips: int
) -> None:
    life, disk = Life([{}]), FakeDisk()
    last: list[State] = []
    for number, step in enumerate([*steps, ("flush", 0, 0)]):
        # The same steps again from the start: these are the states around the last write.
        if step[0] == "flush":
            before, other = Life([{}]), FakeDisk()
            before.live(other, steps[:number])
            if len(before.states) > 1:
                last = before.states
    life.live(disk, [*steps, ("flush", 0, 0)])
    (journal,) = [file for name, file in disk.folders[-1].items() if name == "journal"]
    damaged = bytearray(journal.durable)
    damaged[place % len(damaged)] ^= flips
    journal.durable = bytes(damaged)
    try:
        found = Tables(Journal(FOLDER, disk=disk)).state()
    except Refused:
        return
    assert found in [*last, *life.states]


def test_after_kill_9_everything_acknowledged_is_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_writers", str(tmp_path / "data"), "20"],
        cwd=stage.PROJECT,
        capture_output=True,
        text=True,
        timeout=4 * processes.DEADLINE,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("20 killed"), done.stdout
