"""Fixtures: one browser, one service, and pages that must stay without errors."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    expect,
    sync_playwright,
)

from tests.support import leaks
from tests.support import processes as services

CHROMIUM = Path("/usr/bin/chromium")
ADMIN = ("root", "secret of the page")
_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_AXE = Axe()
#: Milliseconds after which something that must come up is missed. The computer may be busy.
PATIENCE = services.DEADLINE * 1000


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start the browser, once. Without one the tests are left out, but not where CI is true.

    It ends with the tests of the page: while it runs, no other test could run an event loop.
    """
    if not CHROMIUM.exists():
        assert os.environ.get("CI") != "true", "CI must have chromium"
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        expect.set_options(timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture(scope="package")
def url(browser: Browser) -> Iterator[str]:
    """Run a service during the tests, and give its URL."""
    with tempfile.TemporaryFile("w+") as log:
        port = services.free_port()
        command, environ = service(port)
        with services.process(*command, log=log, **environ) as process:
            found = f"http://127.0.0.1:{port}"
            assert services.until(lambda: process.poll() is not None or services.answers(found))
            assert process.poll() is None, "the service did not start"
            yield found
        log.seek(0)
        for line in log:
            leaks.hear(line)


def service(port: int, **more: str) -> tuple[list[str], dict[str, str]]:
    """Give the command of a service and its environment."""
    command = [sys.executable, "-m", "local.launch"]
    return command, {"PORT": str(port), "ADMIN": ":".join(ADMIN), "LOGIN_FAILURES": "3", **more}


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Open]:
    """Give a function that opens the page in a browser without a past, at `address`.

    At the end no page may have shown a dialog, written an error, or broken its own rules.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(
        address: str = "/", *, base: str = url, allowed: str = "\0", **options: object
    ) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and allowed not in message.text:
                wrong.append(message.text)

        def refuse(dialog: Dialog) -> None:
            wrong.append(dialog.message)
            dialog.dismiss()

        page.on("console", hear)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", refuse)
        page.goto(base + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def log_in(page: Page, username: str = ADMIN[0], password: str = ADMIN[1]) -> Page:
    """Fill in the form."""
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    return page


@pytest.fixture
def inside(open_page: Open) -> Page:
    """Open the page, and log in."""
    page = log_in(open_page())
    page.get_by_role("button", name="Start").wait_for()
    return page


def start(page: Page, count: int | None, *, extended: bool = False) -> str:
    """Start a window of so many reports, or an endless one; give its address."""
    if count is None:
        page.get_by_label("until I stop it").check()
    else:
        page.get_by_label("Count").fill(str(count))
    page.get_by_label("extended").set_checked(extended)
    page.get_by_role("button", name="Start").click()
    page.locator("#window .title").wait_for()
    return page.url


def numbers(page: Page, lines: list[list[str]], busy: Mapping[str, float]) -> None:
    """Wait until the table of numbers has these lines, each of a device, the busiest first."""
    words = [word for line in sorted(lines, key=lambda it: -busy[it[0]]) for word in line]
    expect(page.locator(".numbers tbody :is(th, td)")).to_have_text(words)


def check(page: Page, *rules: str) -> None:
    """Let axe look for what keeps people with disabilities out; by these rules alone if any."""
    only = {"runOnly": list(rules)} if rules else {}
    found = _AXE.run(page, options={"resultTypes": ["violations"], **only})
    assert found.violations_count == 0, found.generate_report()
