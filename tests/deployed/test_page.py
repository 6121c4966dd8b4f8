"""A smoke of the page in a browser, through the gateway of a deployed stage."""

import os

from playwright.sync_api import Browser, expect

from tests.blackbox.conftest import HOST
from tests.page.conftest import CHROMIUM, browser, log_in

__all__ = ["browser"]


def test_a_window_is_plotted_through_the_gateway(browser: Browser, base_url: str) -> None:
    """The browser finds the API by its host name, which is in no DNS."""
    assert CHROMIUM.exists()
    host, port = HOST.get("Host", ""), base_url.split(":")[2].partition("/")[0]
    username, _, password = os.environ["ADMIN"].partition(":")
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://{host}:{port}/api/page/")
    log_in(page, username, password)
    page.get_by_label("Count").fill("4")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("SUCCESS", exact=True)).to_be_visible()
    expect(page.get_by_role("img").first).to_be_visible()
    assert wrong == []
    page.close()
