"""The network goes and comes back; the service is killed and started again."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.page.conftest import Open, log_in, service, start
from tests.page.simulated import ID, Simulated, show_hosts
from tests.support import processes as services

#: A worker that was killed is noticed soon.
SOON = {"LEASE_SECONDS": "4", "HEARTBEAT_SECONDS": "1", "SWEEP_SECONDS": "1"}
SAID = "The service does not answer. Trying again …"


def indexes(page: Page) -> list[str]:
    """Give the index column of the CSV, without what follows one another."""
    with page.expect_download() as coming:
        page.get_by_role("button", name="CSV").click()
    lines = Path(coming.value.path()).read_text().splitlines()[1:]
    return list(dict.fromkeys(line.split(",")[1] for line in lines))


def test_a_killed_service_is_said_and_the_window_goes_on(open_page: Open, tmp_path: Path) -> None:
    port = services.free_port()
    command, environ = service(port, DATA=str(tmp_path / "data"), **SOON)
    base = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("w") as log:
        with services.process(*command, log=log, **environ) as killed:
            assert services.until(lambda: services.answers(base))
            page = log_in(open_page(base=base, allowed="Failed to load resource"))
            page.get_by_role("button", name="Start").wait_for()
            start(page, 4)
            expect(page.locator(".progress")).to_contain_text("2 of 4")
            os.killpg(killed.pid, signal.SIGKILL)
            expect(page.locator(".network")).to_have_text(SAID, timeout=5000)
            killed.wait()
            assert services.until(lambda: not services.members(killed.pid))
        with services.process(*command, log=log, **environ):
            expect(page.get_by_text("SUCCESS", exact=True)).to_be_visible()
            expect(page.locator(".network")).to_be_hidden()
            assert indexes(page) == [str(index) for index in range(4)]


def test_an_answer_that_was_lost_is_asked_for_again(open_page: Open) -> None:
    page = open_page(f"/page/#task={ID}", allowed="ERR_")
    simulated = Simulated(page, {"web-1": 2}, count=6)
    log_in(page)
    asked: list[str] = []

    def hear(request: Request) -> None:
        asked.append(request.url)

    page.on("requestfailed", hear)
    for _ in range(3):
        simulated.grow()
        expect(page.locator(".progress")).to_contain_text(f"{simulated.done} of 6")
    while not simulated.held:
        page.wait_for_timeout(20)
    simulated.held.pop().abort()
    expect(page.locator(".network")).to_have_text(SAID)
    simulated.grow(3)
    expect(page.get_by_text("SUCCESS", exact=True)).to_be_visible()
    expect(page.locator(".network")).to_be_hidden()
    assert indexes(page) == [str(index) for index in range(6)]
    assert asked


def hide(page: Page, hidden: bool) -> None:
    """Let the page believe that nobody sees its tab, or that somebody does again."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", {get: () => hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.mark.parametrize("view", ["", f"#task={ID}"], ids=["hosts", "window"])
def test_a_hidden_tab_asks_nothing_for_30_seconds(open_page: Open, view: str) -> None:
    page = open_page(f"/page/{view}")
    page.clock.install()
    simulated = Simulated(page, {"web-1": 2})
    simulated.grow()
    show_hosts(page, 3)
    log_in(page)
    expect(page.locator("tbody tr")).not_to_have_count(0)
    hide(page, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(30_000)
    simulated.grow()
    page.clock.run_for(30_000)
    # What was asked for by now is heard of with this.
    page.evaluate("fetch('/health').then((answer) => answer.text())")
    assert [it.rpartition("/")[2] for it in asked] == ["health"]
    with page.expect_request(re.compile("/v3/(hosts|task)/")):
        hide(page, False)
