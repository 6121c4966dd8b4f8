"""What a request about hosts asks for."""

from typing import NamedTuple

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import params, reading
from chalicelib.hosts import model
from chalicelib.hosts.model import HostState
from chalicelib.hosts.service import Wanted

#: Hosts of a page if the caller does not say how many, and the most that a caller may ask for.
HOSTS, MAX_HOSTS = 100, 1000


class HostListing(NamedTuple):
    """Which page of the list of hosts a request asks for."""

    limit: int
    wanted: Wanted
    #: Whether the page has whole hosts or only their names.
    detail: bool
    #: The last name of the page before this one, "" for the first page.
    after: str

    def next(self, last: str | None) -> str | None:
        """Give the path of the page that begins after the name `last`, None if that is None."""
        if last is None:
            return None
        given = {
            "limit": self.limit,
            "name": self.wanted.name,
            "state": self.wanted.state,
            "detail": 1 if self.detail else None,
        }
        return params.next_page("/v3/hosts/", given, after=last)


def page(request: Request) -> HostListing:
    """Read which page of the hosts a request asks for. Raises Invalid."""
    given = reading.query(request, "limit", "name", "state", "detail", "after")
    return HostListing(
        limit=params.limit(given, HOSTS, MAX_HOSTS),
        wanted=Wanted(name=_glob(given.get("name")), state=_state(given.get("state"))),
        detail=reading.flag(given, "detail"),
        after=_after(given.get("after")),
    )


def empty(request: Request) -> None:
    """Check that the body of a request is empty, or an object without fields. Raises Invalid."""
    params.nothing(request)
    for name in reading.body(request):
        raise errors.Invalid(
            f"The body has {errors.shorten(name)}; a host has only a name, which is in the path."
        )


def _glob(given: str | None) -> str | None:
    if given is not None and not model.is_glob(given):
        raise errors.Invalid(
            "name must be the name of a host, in which * stands for any text and ? for any "
            f"character, not {errors.shorten(given)}."
        )
    return given


def _state(given: str | None) -> HostState | None:
    if given is None:
        return None
    if given not in set(HostState):
        raise errors.Invalid(
            f"state must be one of {', '.join(HostState)}, not {errors.shorten(given)}."
        )
    return HostState(given)


def _after(given: str | None) -> str:
    if given is None:
        return ""
    if not model.is_name(given):
        raise errors.Invalid(f"after must be the name of a host, not {errors.shorten(given)}.")
    return given
