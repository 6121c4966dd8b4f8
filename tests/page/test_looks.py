"""Each state at three widths, light and dark: it fits, axe finds no fault, a picture is kept."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from chalicelib.tasks.model import State
from local import stage
from tests.page.conftest import Open, check, log_in
from tests.page.simulated import ID, Simulated, show_hosts

FLEET = {f"web-{number:03}": 3 for number in range(8)}
WIDTHS = (2560, 1280, 360)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: Whether nothing is wider than the window, and each plot as wide as its place, seen or not.
FITS = """() => document.documentElement.scrollWidth <= innerWidth
  && [...document.querySelectorAll(".paper > svg")].every(
    (it) => it.getAttribute("width") === String(it.parentNode.clientWidth))"""
TASK: dict[str, Any] = {
    "task_id": ID,
    "created_at": "2026-11-28T10:00:00Z",
    "owner": "root",
    "request": {"count": 60, "wait": 1, "host": "web-1"},
    "links": [{"rel": "group", "href": f"/v3/group/{ID}"}],
}
#: A picture for the README, written if PICTURE=1 asks for it.
PICTURE = stage.PROJECT / "docs" / "page.png"


def login(page: Page) -> None:
    page.get_by_label("User name").wait_for()


def measure(page: Page) -> None:
    show_hosts(page, 12)
    log_in(page)
    page.get_by_role("checkbox", name="web-003").check()


def window(page: Page) -> None:
    Simulated(page, {"web-1": 4}).grow(40)
    log_in(page)
    page.goto(f"{page.url.partition('#')[0]}#task={ID}")
    expect(page.get_by_role("img")).to_have_count(7)
    page.get_by_role("img").first.press("ArrowLeft")


def lost(page: Page) -> None:
    simulated = Simulated(page, {"web-1": 2})
    simulated.grow(12)
    log_in(page)
    page.goto(f"{page.url.partition('#')[0]}#task={ID}")
    page.route(f"**/v3/task/{ID}?**", lambda route: route.abort())
    simulated.grow()
    expect(page.locator(".network")).to_be_visible()


def group(page: Page) -> None:
    Simulated(page, {**FLEET, "web-008": 0}).grow(40)
    log_in(page)
    page.goto(f"{page.url.partition('#')[0]}#group={ID}")
    expect(page.get_by_role("img")).to_have_count(8)
    page.get_by_role("button", name="web-003").click()
    expect(page.get_by_role("img")).to_have_count(15)


def history(page: Page) -> None:
    tasks = [{**TASK, "state": it.value} for it in State]
    page.route("**/v3/task/?**", lambda route: route.fulfill(json={"tasks": tasks, "links": []}))
    log_in(page).get_by_role("link", name="History").click()
    expect(page.get_by_role("row")).to_have_count(len(tasks) + 1)


def users(page: Page) -> None:
    log_in(page).get_by_role("link", name="Users").click()
    page.get_by_role("button", name="Delete root").click()
    page.get_by_role("button", name="Change root").click()


def nothing(page: Page) -> None:
    log_in(page).get_by_role("link", name="History").click()
    page.get_by_label("Host").fill("nobody")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No measurement matches this filter.")).to_be_visible()


STATES = [login, measure, window, lost, group, history, nothing, users]


@pytest.mark.parametrize("state", STATES, ids=lambda it: it.__name__)
def test_a_state_fits_and_keeps_nobody_out(
    open_page: Open, tmp_path: Path, state: Callable[[Page], None]
) -> None:
    page = open_page(reduced_motion="reduce", allowed="ERR_FAILED")
    state(page)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function(FITS)
            page.screenshot(path=tmp_path / f"{width}-{scheme}.jpeg", full_page=True)
        # The narrowest has the most that must be scrolled. A scheme changes nothing but colours.
        check(page, *(["color-contrast"] if scheme == "dark" else []))


def test_2560_pixels_are_used(open_page: Open) -> None:
    page = open_page(viewport={"width": 2560, "height": 1300})
    window(page)
    lefts = page.locator("figure").evaluate_all("(all) => all.map((it) => it.offsetLeft)")
    assert len(set(lefts)) >= 4


@pytest.mark.skipif("PICTURE" not in os.environ, reason="PICTURE=1 writes docs/page.png")
def test_the_picture_of_the_readme(open_page: Open) -> None:
    page = open_page(viewport={"width": 960, "height": 560})
    window(page)
    page.screenshot(path=PICTURE)
    assert PICTURE.stat().st_size < 150_000
