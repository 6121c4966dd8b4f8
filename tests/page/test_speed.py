"""How much the page computes for a report, and that every point of a busy window is right."""

import statistics
from collections import Counter

from playwright.sync_api import expect

from tests.page.conftest import Open, log_in, numbers
from tests.page.simulated import ID, Simulated, report

#: Looked at with each frame, and so sooner than an expectation would be.
SHOWN = "(text) => document.querySelector('.progress')?.textContent === text"
#: Milliseconds of script for one report, at the median.
MOST = 8.0


def test_60_reports_of_20_devices_cost_little_and_are_right(open_page: Open) -> None:
    page = open_page(f"/page/#task={ID}")
    simulated = Simulated(page, {"web-1": 20})
    log_in(page)
    devtools = page.context.new_cdp_session(page)
    # Time of the processor, not of the clock: other tests run beside this one.
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        (found,) = (it["value"] for it in metrics if it["name"] == "ScriptDuration")
        return float(found) * 1000

    costs = []
    for done in range(1, 61):
        before = spent()
        simulated.grow()
        page.wait_for_function(SHOWN, arg=f"{done} of 60 reports")
        costs.append(spent() - before)
    expect(page.get_by_text("SUCCESS", exact=True)).to_be_visible()
    print(f"script for a report, ms: median {statistics.median(costs):.1f}, most {max(costs):.1f}")
    reports = [report(index, 20, "web-1") for index in range(60)]
    busy: Counter[str] = Counter()
    for it in reports[1:]:
        busy.update({device["device"]: device["%util"] for device in it["devices"]})
    for index, it in enumerate(reports):
        page.get_by_role("slider").fill(str(index))
        expect(page.locator("output")).to_contain_text(f"{index + 1} of 60")
        numbers(page, [line.split() for line in it["text"].splitlines()[1:] if line], busy)
    # A line has two paths: what stays as it is, and its end. Plots below the window have them, too.
    expect(page.locator("figure")).to_have_count(7)
    expect(page.locator(".curves path:nth-child(even)[d^=M]")).to_have_count(7 * 20)
    assert statistics.median(costs) < MOST
