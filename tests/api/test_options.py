"""What a caller may ask for besides count and wait: extended, cpu, and the text of each report."""

import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.measure.machine import ThisMachine
from tests.measure import test_golden as golden
from tests.support.asking import FORM, JSON, ZERO, ask, ask_task, basic, created, drain, problem
from tests.support.iostats import HEADING, REPORT, fake, say

PRINTED = HEADING + golden.sections("all-counters")["iostat -d -x -c 1 2"]
KIND = ["{0}/s", "{0}kB/s", "{0}rqm/s", "%{0}rqm", "{0}_await", "{0}areq-sz"]
COLUMNS = [
    "device",
    *(column.format(kind) for kind in "rwd" for column in KIND),
    *("f/s", "f_await", "aqu-sz", "%util"),
]
CPU = ["%user", "%nice", "%system", "%iowait", "%steal", "%idle"]
BOTH: dict[str, Any] = {"extended": "1", "cpu": "1"}
ROOT = basic("root", "secret of root")


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an iostat of ours answer: with every option, or plainly."""
    plain = say(f"{HEADING}{REPORT}\n{REPORT}\n")
    both = f'case "$*" in "-d -x -c 1 2") {say(PRINTED)};; *) {plain};; esac'
    monkeypatch.setenv("PATH", fake(tmp_path, both))
    parts.reset()


@pytest.fixture
def from_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let /proc be measured: no command is found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    parts.reset()


@pytest.fixture(params=["iostat", "procfs"])
def source(request: pytest.FixtureRequest) -> str:
    """Give what measures: a fake iostat, and then /proc."""
    request.getfixturevalue("faked" if request.param == "iostat" else "from_proc")
    return str(request.param)


def run(options: dict[str, Any], version: str = "v2") -> str:
    """Create a task of two reports, run it to its end, and give its id."""
    made = ask("POST", f"/{version}/iostat", headers=ROOT, count="2", **options)
    drain()
    return created(made, version)


@pytest.mark.usefixtures("cloud", "one_thread")
class TestTask:
    @pytest.mark.parametrize("version", ["v2", "v3"])
    def test_a_task_shows_every_column_under_iostats_own_name(
        self, source: str, version: str
    ) -> None:
        if version == "v3":
            parts.users.make_admin("root", "secret of root")
        task_id = run(BOTH, version)
        body = ask_task("GET", task_id, version=version, headers=ROOT, detail="1").body
        assert (body["state"], body["source"]) == ("SUCCESS", source)
        assert body["request"] == {"count": 2, "wait": 1, "extended": True, "cpu": True}
        assert [list(it) for it in body["reports"]] == [
            ["index", "at", "since_boot", "cpu", "devices"]
        ] * 2
        for report in body["reports"]:
            assert list(report["cpu"]) == CPU
            assert all(list(device) == COLUMNS for device in report["devices"])
        text = body["result"]["iostat"]
        assert (text.count("avg-cpu"), text.count("aqu-sz")) == (2, 2)

    @pytest.mark.usefixtures("faked")
    def test_the_numbers_are_those_of_the_text(self) -> None:
        body = ask_task("GET", run(BOTH), detail="1").body
        assert body["result"]["iostat"] == PRINTED
        second = body["reports"][1]
        assert list(second["cpu"].values()) == [17.2, 0.0, 5.54, 0.0, 1.75, 76.09]
        names = [device["device"] for device in second["devices"]]
        assert names == ["cciss/c0d0", "dm-0", "sda", "vda"]
        vda = second["devices"][-1]
        shown = [vda[name] for name in ("r/s", "w_await", "f_await", "aqu-sz", "%util")]
        assert shown == [117.33, 0.83, 1.08, 0.94, 46.09]

    @pytest.mark.usefixtures("faked")
    def test_a_task_without_options_looks_as_ever(self) -> None:
        body = ask_task("GET", run({"extended": "0", "cpu": "0"}), detail="1").body
        assert body["request"] == {"count": 2, "wait": 1}
        assert list(body["reports"][0]) == ["index", "at", "since_boot", "devices"]

    @pytest.mark.usefixtures("faked")
    def test_a_cpu_block_that_was_not_printed_is_null(self) -> None:
        body = ask_task("GET", run({"cpu": "1"}), detail="1").body
        assert [it["cpu"] for it in body["reports"]] == [None, None]

    def test_a_list_says_what_was_asked_for(self) -> None:
        parts.users.make_admin("root", "secret of root")
        for value in ("0", "1"):
            created(ask("POST", "/v3/iostat", headers=ROOT, extended=value), "v3")
        tasks = ask("GET", "/v3/task", headers=ROOT).body["tasks"]
        one = {"count": 1, "wait": 1}
        assert [it["request"] for it in tasks] == [{**one, "extended": True}, one]

    @pytest.mark.parametrize(
        ("headers", "body"),
        [(JSON, '{"extended": true, "cpu": false}'), (FORM, "extended=1&cpu=0")],
    )
    def test_an_option_may_be_in_the_body(self, headers: dict[str, str], body: str) -> None:
        task_id = created(ask("POST", "/v2/iostat", headers=headers, body=body))
        shown = ask_task("GET", task_id, detail="1").body["request"]
        assert shown == {"count": 1, "wait": 1, "extended": True}

    def test_the_same_key_with_another_option_is_422(self) -> None:
        headers = {"idempotency-key": "a-key"}
        first = created(ask("POST", "/v2/iostat", headers=headers, extended="1"))
        again = ask("POST", "/v2/iostat", headers=headers, extended="1", cpu="0")
        assert created(again) == first
        for extended, cpu in ("00", "01", "11"):
            answer = ask("POST", "/v2/iostat", headers=headers, extended=extended, cpu=cpu)
            assert answer.status == 422


@pytest.mark.parametrize("path", ["/v1/iostat", "/v2/iostat"])
@pytest.mark.parametrize("name", ["extended", "cpu"])
class TestRefused:
    @pytest.mark.parametrize("value", ["", "2", "true", "٣"])
    def test_an_option_that_is_neither_0_nor_1_is_400(
        self, path: str, name: str, value: str
    ) -> None:
        query: dict[str, Any] = {name: value}
        answer = ask("GET", path, **query)
        detail = f"{name} must be 0 or 1, not {value!r}."
        assert answer.body == problem(400, "Bad Request", detail)

    def test_macos_has_neither(self, cloud: Any, path: str, name: str) -> None:
        parts.machine = ThisMachine("", platform="darwin")
        query: dict[str, Any] = {name: "1"}
        answer = ask("GET", path, **query)
        detail = (
            "The iostat of macOS has neither extended=1 nor cpu=1; leave them out, or measure a "
            "Linux."
        )
        assert answer.body == problem(400, "Bad Request", detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"extended": 1}', "extended must be true or false, not 1."),
        ('{"cpu": "1"}', "cpu must be true or false, not '1'."),
    ],
)
def test_an_option_in_json_is_a_boolean(body: str, detail: str) -> None:
    answer = ask("POST", "/v2/iostat", headers=JSON, body=body)
    assert answer.body == problem(400, "Bad Request", detail)


class TestAtOnce:
    def test_v1_measures_the_options(self, source: str) -> None:
        body = ask("GET", "/v1/iostat", count="2", detail="1", **BOTH).body
        assert [list(it["cpu"]) for it in body["reports"]] == [CPU, CPU]
        assert all(list(it) == COLUMNS for report in body["reports"] for it in report["devices"])
        if source == "iostat":
            assert body["iostat"] == PRINTED

    def test_a_window_that_is_too_long_is_shown_the_way_to_v2_with_its_options(self) -> None:
        detail = ask("GET", "/v1/iostat", count="2", wait="60", **BOTH).body["detail"]
        assert "/v2/iostat/?count=2&wait=60&extended=1&cpu=1 instead" in detail


@pytest.mark.usefixtures("cloud", "one_thread", "faked")
class TestText:
    @pytest.mark.parametrize("options", [{}, BOTH])
    def test_the_texts_of_the_reports_join_to_the_result(self, options: dict[str, str]) -> None:
        task_id = run(options)
        body = ask_task("GET", task_id, detail="1", text="1").body
        texts = [report.pop("text") for report in body["reports"]]
        assert len(texts) == 2
        assert "".join(texts) == body["result"]["iostat"]
        assert body == ask_task("GET", task_id, detail="1").body

    def test_the_text_needs_the_details(self) -> None:
        detail = "text=1 needs detail=1: it adds the text to each report."
        for task_id in (run({}), ZERO):
            answer = ask_task("GET", task_id, text="1", detail="0")
            assert answer.body == problem(400, "Bad Request", detail)

    def test_links_lead_through_texts_that_are_too_long_for_one_answer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task_id = run(BOTH)
        monkeypatch.setattr("chalicelib.tasks.page.MAX_BYTES", 1000)
        text, pages = "", 0
        query: dict[str, Any] = {"detail": "1", "text": "1"}
        while query:
            answer = ask_task("GET", task_id, **query)
            text += "".join(it["text"] for it in answer.body["reports"])
            link = answer.headers.get("Link", "")
            query = dict(urllib.parse.parse_qsl(link.partition("?")[2].partition(">")[0]))
            pages += 1
        assert (text, pages) == (PRINTED, 2)
