"""Access: who may use a route. It is declared with the route; what is not declared is closed."""

import enum
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalice import Blueprint

View = TypeVar("View", bound=Callable[..., Any])


class Access(enum.IntEnum):
    """Who may use a route; each may use what those before may."""

    #: Everybody.
    OPEN = 0
    #: Who is logged in.
    USER = 1
    #: Admins.
    ADMIN = 2


def route(api: Blueprint, path: str, *methods: str, to: Access) -> Callable[[View], View]:
    """Register a view for these methods, open to those."""

    def register(view: View) -> View:
        view.__dict__["access"] = to
        registered: View = api.route(path, methods=list(methods), content_types=["*/*"])(view)
        return registered

    return register


def needed(views: Mapping[str, Callable[..., Any]], method: str) -> Access:
    """Who may use `method` of a path that has these views by method.

    A method that the path does not know is answered to whoever may use one that it does.
    """
    declared = {name: vars(view).get("access", Access.ADMIN) for name, view in views.items()}
    return Access(declared.get(method, min(declared.values())))
