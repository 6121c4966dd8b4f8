"""How many files and connections this process may have open."""

import resource

#: Descriptors that a process asks the system for; macOS allows no more.
_WANTED = 10_240
#: Descriptors without which nothing can be served. The loop of a server aborts without some ten.
_LEAST = 64


def allow() -> int:
    """Raise the limit of open descriptors as far as it goes, to 10,240. Give the limit.

    Raises ValueError where that is below 64.
    """
    allowed = _raised()
    if allowed < _LEAST:
        raise ValueError(f"{allowed} open files are too few; ulimit -n sets their number.")
    return allowed


def _raised() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _WANTED if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
