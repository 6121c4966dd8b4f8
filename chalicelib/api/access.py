"""Access: who may use a route. Each route declares it; one that does not is for admins alone."""

import enum
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalice import Blueprint

from chalicelib.api import problems

#: Where the middleware puts the id of a request, in the context of the request.
REQUEST_ID = "hoststatRequestId"

View = TypeVar("View", bound=Callable[..., Any])


class Access(enum.IntEnum):
    """Who may use a route. Each member may use what the members before it may use."""

    #: Everybody.
    OPEN = 0
    #: Everybody who is logged in.
    USER = 1
    #: Admins.
    ADMIN = 2


def route(api: Blueprint, path: str, *methods: str, to: Access) -> Callable[[View], View]:
    """Give a decorator that registers a view for `methods` of `path`; `to` says who may use it.

    An error that the view raises becomes an answer here, before Chalice makes one of its own.
    """

    def register(view: View) -> View:
        @functools.wraps(view)
        def answering(*args: Any, **kwargs: Any) -> Any:
            request_id = api.current_request.context[REQUEST_ID]
            call = functools.partial(view, *args, **kwargs)
            return problems.answering(call, request_id=request_id)

        answering.__dict__["access"] = to
        registered: View = api.route(path, methods=list(methods), content_types=["*/*"])(answering)
        return registered

    return register


def needed(views: Mapping[str, Callable[..., Any]], method: str) -> Access:
    """Give who may use `method` of a path; `views` are the views of that path, by method.

    For a method that the path does not have, give who may use any of its methods: they get a 405.
    """
    declared = {name: vars(view).get("access", Access.ADMIN) for name, view in views.items()}
    return Access(declared.get(method, min(declared.values())))
