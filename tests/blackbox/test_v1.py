"""The indexes, uptime, and v1."""

import time

import pytest

from tests.blackbox.conftest import Ask


def test_the_links_of_the_root_can_be_followed(ask: Ask, base_url: str) -> None:
    root = ask("GET", "/").json()
    assert [link["rel"] for link in root["links"]] == ["v1", "v2", "v3"]
    for link in root["links"]:
        prefix, _, rest = link["href"].rpartition(f"/{link['rel']}/")
        assert (rest, base_url.endswith(prefix)) == ("", True)
        index = ask("GET", f"/{link['rel']}/").json()
        assert [entry["rel"] for entry in index["links"]][:2] == ["uptime", "iostat"]


@pytest.mark.parametrize("path", ["/v1/uptime", "/v1/uptime/", "/v2/uptime", "/v2/uptime/"])
def test_uptime_is_there_with_and_without_its_slash(ask: Ask, path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, list(answer.json())) == (200, ["uptime"])
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_window_of_three_takes_two_seconds_and_shows_three(ask: Ask) -> None:
    began = time.monotonic()
    text = ask("GET", "/v1/iostat/?count=3&wait=1").json()["iostat"]
    assert time.monotonic() - began >= 1.9
    assert text.count("Device") == 3


def test_a_long_window_is_shown_the_way_to_v2(ask: Ask) -> None:
    answer = ask("GET", "/v1/iostat/?count=14&wait=2")
    assert answer.status_code == 400
    assert "/v2/iostat/?count=14&wait=2" in answer.json()["detail"]
