"""Which route the gateway finds for a request: the one that Chalice would find."""

import contextlib

import pytest
from chalice.local import MatchResult, RouteMatcher

import app
from local.gateway.routes import Routes

_ROUTES = sorted(app.app.routes)
_PATHS = [
    "/",
    "//",
    "///",
    "////",
    "/////",
    "//a//",
    "",
    "?a=1",
    "/v1",
    "/v1/",
    "/v1//",
    "/v1/uptime/?detail=1&detail=2&empty=",
    "/v2/task/some-id",
    "/v2/task/some-id/",
    "/v2/task/some%2Fid",
    "/v2/task/some;id?a=1",
    "/v2/task/some#/id",
    "/v2/task/",
    "/v3/users/",
    "/v3/users/somebody/keys",
    "/v3/hosts/a/b/c/d/e/f",
    "/nothing",
    "//v1/uptime",
    "http://localhost/v1/uptime",
]


def _found(matcher: RouteMatcher, url: str) -> tuple[str, dict[str, str], object] | None:
    with contextlib.suppress(ValueError):
        found: MatchResult = matcher.match_route(url)
        return found.route, found.captured, found.query_params
    return None


@pytest.mark.parametrize("url", ["/", "//", "/a", "/a/", "/a/b", "////", ""])
@pytest.mark.parametrize("routes", [["/{a}"], ["/a", "/{a}/b"], ["/", "/{a}/{b}"], []])
def test_so_it_is_for_other_routes(routes: list[str], url: str) -> None:
    assert _found(Routes(routes), url) == _found(RouteMatcher(routes), url)


@pytest.mark.parametrize("url", [*_PATHS, *_ROUTES])
def test_the_route_is_the_one_that_chalice_finds(url: str) -> None:
    assert _found(Routes(_ROUTES), url) == _found(RouteMatcher(_ROUTES), url)


def test_some_of_these_have_a_route_and_some_have_none() -> None:
    found = [_found(Routes(_ROUTES), url) for url in _PATHS]
    assert None in found
    assert ("/v2/task/{task_id}", {"task_id": "some-id"}, {}) in found
