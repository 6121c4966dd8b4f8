"""Trouble: the log has it at once, then each minute, and says when it is over."""

import pytest

from local import trouble
from local.trouble import Trouble

Logged = list[tuple[str, dict[str, object]]]


def test_trouble_is_logged_once_a_minute_and_at_its_end(logged: Logged) -> None:
    gone = Trouble("gone", "back")
    gone.ends()
    assert logged == []
    for why in ("No route.", "No route.", "Refused."):
        gone.lasts(why)
    assert logged == [("gone", {"why": "No route."})]
    gone.ends()
    gone.ends()
    gone.lasts("Refused.")
    assert logged[1:] == [("back", {}), ("gone", {"why": "Refused."})]


def test_trouble_that_lasts_is_logged_again(
    logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "_SAY_SECONDS", 0)
    gone = Trouble("gone", "back")
    for why in ("No route.", "Refused."):
        gone.lasts(why)
    assert logged == [("gone", {"why": "No route."}), ("gone", {"why": "Refused."})]
