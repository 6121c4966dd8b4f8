"""Windows, and what measures them: all that the code outside this folder needs to know."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, Self


class Window(NamedTuple):
    """`count` reports, `wait` seconds apart. The first report is the average since boot."""

    count: int  # type: ignore[assignment] # hides tuple.count, which nobody needs here
    wait: int
    #: Whether the reports have the columns of ``iostat -x``.
    extended: bool = False
    #: Whether each report begins with the CPU block of ``iostat -c``.
    cpu: bool = False

    @property
    def seconds(self) -> int:
        """The seconds that the window lasts. The first report comes at once."""
        return (self.count - 1) * self.wait


class Feed(Protocol):
    """The reports of a window while it is measured. Leaving its context ends the measuring."""

    def __iter__(self) -> Iterator[str]:
        """Give the text of each report as it comes, and none after `stop`.

        Raises Killed if somebody else ended iostat before its last report or it fell silent, and
        MachineFailed if iostat cannot be started, refuses or writes something that is not a report.
        """

    def stop(self) -> None:
        """End the measuring now. Any thread may call it, any number of times."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Machine(Protocol):
    """A machine that can be measured."""

    #: Its node name, or what it is called where that says nothing.
    name: str

    @property
    def source(self) -> str:
        """What measures a window: "iostat" or "procfs"."""

    def uptime(self) -> str:
        """Give what ``uptime`` prints, stripped. Raises MachineFailed."""

    def uptime_numbers(self) -> dict[str, object]:
        """Give the uptime with its numbers. Raises MachineFailed.

        These are "uptime" (the text), "seconds" since boot (float), "users" (int), "load" (three
        floats) and "host" (its name).
        """

    def check(self, window: Window) -> None:
        """Raise NotMeasurable if this machine has nothing that measures such a window."""

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> Feed:
        """Start to measure `window` from the report with index `first` on.

        A report may be `patience` seconds late. Raises NotMeasurable, MachineFailed, Killed.
        """
