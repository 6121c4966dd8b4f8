"""What the benchmarks read of processes, which may end while they look."""

import subprocess
import sys

from bench import processes
from tests.support.processes import until


def test_nothing_is_known_of_a_process_that_has_ended() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert processes.command(ended.pid) == []
    assert processes.names([ended.pid]) == []
    assert processes.memory([ended.pid]) == 0
    assert processes.family(ended.pid) == [ended.pid]


def test_a_family_is_a_process_and_what_it_has_started() -> None:
    starts = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'input()']))"
    with subprocess.Popen(
        [sys.executable, "-c", starts], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert until(lambda: len(processes.family(parent.pid)) == 2)
        assert [processes.command(pid)[2] for pid in processes.family(parent.pid)] == [
            starts,
            "input()",
        ]
        parent.communicate(b"\n")
