"""Objects whose parts are built when they are first used, each once."""

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Built = TypeVar("Built")


class part(Generic[Built]):  # noqa: N801 # used as a decorator, like `property`
    """A part: built by the first thread that asks for it, and from then on a plain attribute."""

    def __init__(self, build: Callable[[Any], Built]) -> None:
        self._build = build
        functools.update_wrapper(self, build)  # type: ignore[arg-type]

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, whole: "Lazy", owner: type | None = None) -> Built:
        with whole._building:
            if self._name not in vars(whole):
                vars(whole)[self._name] = self._build(whole)
            built: Built = vars(whole)[self._name]
            return built


class Lazy:
    """What has parts. A part that is given takes the place of the one that would be built."""

    def __init__(self, **given: Any) -> None:
        """Tests give parts by name, such as a clock, a machine or a store."""
        self._building = threading.RLock()
        self.reset(**given)

    def reset(self, **given: Any) -> None:
        """Forget every part that was built, and take those that are given.

        Raises TypeError for the name of a part that does not exist.
        """
        unknown = [name for name in given if not _is_part(type(self), name)]
        if unknown:
            raise TypeError(f"There is no part {unknown[0]}.")
        with self._building:
            building = self._building
            vars(self).clear()
            vars(self).update(given, _building=building)


def _is_part(whole: type[Lazy], name: str) -> bool:
    return isinstance(inspect.getattr_static(whole, name, None), part)
