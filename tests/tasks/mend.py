"""A mend of an old fault, how to take it out, and which state machine then finds the fault."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis.stateful import RuleBasedStateMachine

#: Takes a mend out, until the end of the test.
TakeOut = Callable[[pytest.MonkeyPatch], None]


class Mend(NamedTuple):
    """A mend, and the state machine that finds the fault when it is taken out."""

    take_out: TakeOut
    whole: type[RuleBasedStateMachine]
    #: The rules that are enough to find it, besides create and time_passes: fewer take less time.
    rules: str

    @property
    def machine(self) -> type[RuleBasedStateMachine]:
        """The state machine with these rules alone."""
        every = {rule.function.__name__ for rule in self.whole.setup_state().rules}
        enough = set(self.rules.split()) | ({"create", "time_passes"} & every)
        assert enough <= every
        plain = {name: _no_rule(getattr(self.whole, name)) for name in every - enough}
        return type(self.whole.__name__, (self.whole,), plain)


def _no_rule(step: Callable[..., None]) -> Callable[..., None]:
    """Give a step that other steps may take, but that is none by itself."""
    return lambda self, *args, **kwargs: step(self, *args, **kwargs)


def put(owner: object, name: str, thing: object) -> TakeOut:
    """Put something in the place of an attribute."""
    return lambda patch: patch.setattr(owner, name, thing)


def change(owner: Any, name: str, with_: Callable[..., Any]) -> TakeOut:
    """Call `with_`, which gets the old function before its own arguments, in its place."""
    old = getattr(owner, name)
    return put(owner, name, lambda *args, **kwargs: with_(old, *args, **kwargs))
