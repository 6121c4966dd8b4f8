"""A host: its name, its state and what is wrong with it."""

import pytest

from chalicelib.hosts import model
from chalicelib.hosts.model import Host, HostState

NOW = 1_800_000_000.0
SEEN = Host(host="web-1", added_at=NOW - 9000, seen_at=NOW - 10, node="web-1")


@pytest.mark.parametrize("name", ["a", "web-1", "1a", "a1", "9-x-9", "a" * 32, "a--b"])
def test_a_name(name: str) -> None:
    assert model.is_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1-1",
        "-a",
        "a-",
        "A",
        "web_1",
        "web.1",
        "web~1",
        "web*",
        "a b",
        "é",
        "a\n",
        "a" * 33,
    ],
)
def test_what_cannot_be_a_name(text: str) -> None:
    assert not model.is_name(text)


@pytest.mark.parametrize(
    ("glob", "fits"),
    [
        ("*", ["db-1", "web-1", "web-12"]),
        ("web-*", ["web-1", "web-12"]),
        ("web-?", ["web-1"]),
        ("db-1", ["db-1"]),
        ("*2", ["web-12"]),
        ("w", []),
    ],
)
def test_a_glob_fits_whole_names(glob: str, fits: list[str]) -> None:
    assert model.is_glob(glob)
    assert [it for it in ("db-1", "web-1", "web-12") if model.matches(it, glob)] == fits


@pytest.mark.parametrize("text", ["", "web-[12]", "web.", "WEB*", "a" * 65, "*\n"])
def test_what_is_no_glob(text: str) -> None:
    assert not model.is_glob(text)


@pytest.mark.parametrize(
    ("host", "state"),
    [
        (Host(host="web-1", added_at=NOW), HostState.NEW),
        (SEEN, HostState.ONLINE),
        (SEEN._replace(seen_at=NOW - 149), HostState.ONLINE),
        (SEEN._replace(seen_at=NOW - 150), HostState.OFFLINE),
        (SEEN._replace(left_at=NOW - 5), HostState.LEFT),
    ],
)
def test_the_state_is_computed_when_somebody_looks(host: Host, state: HostState) -> None:
    assert host.state(NOW) is state


def test_a_host_is_there_from_its_adding_to_its_removal() -> None:
    assert SEEN.is_there()
    assert not Host(host="web-1", seen_at=NOW).is_there()
    assert not Host(host="web-1", removed_at=NOW).is_there()


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ({}, None),
        ({"problem": "Its clock is wrong."}, "Its clock is wrong."),
        ({"protocol": model.PROTOCOL}, None),
        (
            {"protocol": 0, "version": "0.0.9"},
            "Its worker is of another version of hoststat, 0.0.9: update it.",
        ),
        (
            {
                "rival": "web-1-clone",
                "rival_session": "two",
                "rival_at": NOW - 149,
                "problem": "Its clock is wrong.",
            },
            "Two machines use this name: node web-1 and node web-1-clone.",
        ),
        ({"rival": "web-1-clone", "rival_session": "two", "rival_at": NOW - 150}, None),
    ],
)
def test_what_is_wrong_is_said_while_it_is(more: dict[str, object], trouble: str | None) -> None:
    assert SEEN._replace(**more).trouble(NOW) == trouble  # type: ignore[arg-type]
