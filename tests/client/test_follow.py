"""How following ends where hosts do not begin, or where somebody else ends the work."""

import pytest

from hoststat import grammar, windows
from hoststat.api import Api
from hoststat.exchange import Site
from hoststat.follow import follow
from hoststat.looks import Work
from hoststat.reports import Shape, Text
from hoststat.screen import Screen
from hoststat.windows import Options
from tests.client.conftest import Command
from tests.support.fake_service import LOGIN, Fake


@pytest.mark.parametrize("hosts", [("web-3",), ("web-1", "web-3")])
def test_a_host_that_begins_too_late_is_left_to_the_service_which_keeps_why(
    fake: Fake, url: str, hosts: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    api, screen = Api(Site(url, *LOGIN)), Screen()

    def begin() -> Work:
        options = Options(extended=False, cpu=False, start_within=30)
        made = windows.begin(api, grammar.read((*hosts, "1", "2")), options)
        return made._replace(start_within=0)

    assert follow(api, screen, Text(screen, Shape()), begin) == 3
    told = capfd.readouterr().err.splitlines()
    assert told[-1] == "hoststat: web-3 did not begin it within 0 s."
    # A cancel would make it REVOKED, as if a person had not wanted it any more.
    assert fake.paths("DELETE") == []


def test_a_group_that_was_cancelled_before_it_began_is_exit_code_1(
    hoststat: Command, fake: Fake
) -> None:
    fake.at_once = False
    group_id = hoststat("iostat", "web-1", "web-2", "1", "3", "--detach").out.strip()
    assert hoststat("cancel", group_id).code == 0
    said = "hoststat: web-1 was cancelled.\nhoststat: web-2 was cancelled.\n"
    assert hoststat("watch", group_id) == (1, "", said)


def test_a_host_that_goes_in_the_middle_of_its_window_is_named_once(
    fake: Fake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoststat.follow._QUIET", -1)
    monkeypatch.setattr("hoststat.follow._HOLD", 1)
    fake.at_once = False
    said: list[str] = []

    class Telling(Screen):
        def note(self, text: str) -> None:
            said.append(text)
            with fake.changed:
                fake.hosts["web-1"] = True
            fake.measure(2)

    api, screen = Api(Site(url, *LOGIN)), Telling()

    def begin() -> Work:
        options = Options(extended=False, cpu=False, start_within=30)
        made = windows.begin(api, grammar.read(("web-1", "1", "3")), options)
        fake.measure(1)
        with fake.changed:
            fake.hosts["web-1"] = False
        return made

    assert follow(api, screen, Text(screen, Shape()), begin) == 0
    (sentence,) = said
    assert sentence.startswith("web-1 is offline, last seen ")
    assert sentence.endswith(" ago; its window goes on when its worker is back.")
