"""Trouble: the log has it at once, then each minute, and says when it is over."""

import pytest

from chalicelib import errors
from local import poller, trouble
from local.pace import LOCAL
from local.trouble import Trouble
from tests.support.fake_queue import Queue

Logged = list[tuple[str, dict[str, object]]]
GONE = errors.Outage(cause='Could not connect to the endpoint URL: "http://127.0.0.1:1/"')


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


@pytest.mark.parametrize(
    ("outage", "said"),
    [
        (GONE, [("queue not reached", GONE.why), ("queue reached again", None)]),
        (
            errors.NoQueue("The queue q is not there."),
            [("waiting for the queue", "The queue q is not there."), ("queue made", None)],
        ),
    ],
)
def test_a_queue_that_is_gone_for_long_is_named_in_one_line_of_the_log(
    outage: errors.Outage, said: list[tuple[str, object]], logged: Logged
) -> None:
    queue = Queue(*[outage] * 9, ["a"])
    polling = poller.Poller(
        queue,  # type: ignore[arg-type]
        lambda *_: polling.leave(),
        slots=1,
        pace=LOCAL._replace(longest=0),
    )
    polling.run()
    assert [(event, fields.get("why")) for event, fields in logged] == said
