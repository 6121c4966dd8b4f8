"""Each state at two widths: within the window, found faultless by axe, kept as a picture."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from local import stage
from tests.page.conftest import Open, check, log_in
from tests.page.simulated import ID, Simulated, show_hosts

FLEET = {f"web-{number:03}": 3 for number in range(8)}
WIDTHS = (360, 1280)
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


def group(page: Page) -> None:
    Simulated(page, {**FLEET, "web-008": 0}).grow(40)
    log_in(page)
    page.goto(f"{page.url.partition('#')[0]}#group={ID}")
    expect(page.get_by_role("img")).to_have_count(8)


def history(page: Page) -> None:
    log_in(page).get_by_role("link", name="History").click()


def users(page: Page) -> None:
    log_in(page).get_by_role("link", name="Users").click()
    page.get_by_role("button", name="Change root").click()


STATES = [login, measure, window, group, history, users]


@pytest.mark.parametrize("state", STATES, ids=lambda it: it.__name__)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_state_fits_and_keeps_nobody_out(
    open_page: Open, tmp_path: Path, state: Callable[[Page], None], scheme: str
) -> None:
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    state(page)
    for width in WIDTHS if scheme == "light" else WIDTHS[-1:]:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            "() => new Promise((done) => requestAnimationFrame(() => done(true)))"
        )
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        check(page)
        page.screenshot(path=tmp_path / f"{state.__name__}-{scheme}-{width}.png", full_page=True)


def test_2560_pixels_are_used(open_page: Open, tmp_path: Path) -> None:
    page = open_page(viewport={"width": 2560, "height": 1300})
    window(page)
    lefts = page.locator("figure").evaluate_all("(all) => all.map((it) => it.offsetLeft)")
    assert len(set(lefts)) >= 4
    page.screenshot(path=tmp_path / "window-2560.png")


@pytest.mark.skipif("PICTURE" not in os.environ, reason="PICTURE=1 writes docs/page.png")
def test_the_picture_of_the_readme(open_page: Open) -> None:
    page = open_page(viewport={"width": 960, "height": 560})
    window(page)
    page.screenshot(path=PICTURE)
    assert PICTURE.stat().st_size < 150_000
