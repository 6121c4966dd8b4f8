"""The routes of the app, by the number of their parts."""

import collections
import urllib.parse
from collections.abc import Iterable

from chalice.local import MatchResult, RouteMatcher


class Routes(RouteMatcher):
    """Finds the route of a request as Chalice does, which takes apart all of them each time."""

    def __init__(self, routes: Iterable[str]) -> None:
        super().__init__(list(routes))
        found = collections.defaultdict(list)
        for route in self.route_urls:
            found[route.count("/")].append(route)
        self._by_parts = {parts: RouteMatcher(those) for parts, those in found.items()}

    def match_route(self, url: str) -> MatchResult:
        """Give the route of a path with its query. Raises ValueError if no route has that path."""
        path = urllib.parse.urlparse(url).path
        # API Gateway leaves out a slash at the end, as Chalice's matcher does.
        matcher = self._by_parts.get((path if path == "/" else path.removesuffix("/")).count("/"))
        if matcher is None:
            raise ValueError(f"No route has as many parts as {url}")
        return matcher.match_route(url)
