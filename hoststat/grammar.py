"""iostat's grammar: hosts, then INTERVAL, then COUNT."""

import re
from typing import NamedTuple

from hoststat.errors import Usage

#: The options of iostat that are offered.
OFFERED = "-c, -d, -t, -x and -y"
#: What no number has, and every name or pattern of a host.
_NAME = re.compile(r"[A-Za-z*?]")


class Asked(NamedTuple):
    """What the words of a command ask for."""

    hosts: tuple[str, ...]
    #: Seconds between two reports; None for one report.
    interval: int | None
    #: How many reports; None for as many as come until Ctrl-C.
    count: int | None  # type: ignore[assignment] # hides tuple.count, which nobody needs here

    @property
    def name(self) -> str:
        """What people call it."""
        return " ".join(self.hosts) or "the window"

    @property
    def several(self) -> bool:
        """Whether the hosts are a group: several, or a pattern."""
        return len(self.hosts) > 1 or any(set("*?") & set(it) for it in self.hosts)


def read(words: tuple[str, ...]) -> Asked:
    """Read iostat's grammar: hosts, then INTERVAL, then COUNT. Raises Usage."""
    hosts = [it for it in words if not it.isdigit() or not it.isascii()]
    numbers = [int(it) for it in words[len(hosts) :] if it.isdigit()]
    if len(hosts) + len(numbers) != len(words):
        raise Usage("Hosts come first, then INTERVAL and COUNT.")
    for word in hosts:
        if not _NAME.search(word):
            raise Usage(f"INTERVAL and COUNT are whole numbers of at least 1, not {word}.")
    if len(numbers) > 2:
        raise Usage(f"INTERVAL and COUNT are two numbers, not {len(numbers)}.")
    if 0 in numbers:
        raise Usage("INTERVAL and COUNT are whole numbers of at least 1, not 0.")
    interval, count = (*numbers, None, None)[:2]
    return Asked(tuple(hosts), interval, 1 if interval is None else count)
