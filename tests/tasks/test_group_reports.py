"""The reports of a group: where they go on, how many fit, and for how long an answer is held."""

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import page
from chalicelib.tasks.group import GroupLook
from chalicelib.tasks.model import State, What
from tests.support.rig import Rig
from tests.tasks.grouping import ALL, HOSTS, create, work


@pytest.fixture
def rig(rig: Rig) -> Rig:
    for name in HOSTS:
        rig.add_host(name)
    return rig


class TestReports:
    def test_they_come_host_by_host_and_those_of_one_age_together(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, "db-1", "web-2")
        view = rig.groups.look(group_id, ALL)
        found = [(it.host, it.view.report.text) for it in view.reports]
        assert found == [
            (host, f"report {index}\n") for index in range(3) for host in ("db-1", "web-2")
        ]
        assert (view.following, view.has_more) == ([3, 0, 3], False)

    def test_a_cursor_goes_on_where_the_last_answer_ended(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, "db-1")
        work(rig, "web-1")
        look = ALL._replace(since="1x3.1x1.1x0")
        view = rig.groups.look(group_id, look)
        assert [(it.host, it.view.report.index) for it in view.reports] == [
            ("web-1", 1),
            ("web-1", 2),
        ]

    @pytest.mark.parametrize("since", ["", "x", "3", "2x0", "4x0", "1x0.1x0.1x4", "3x0.", "9999x0"])
    def test_a_cursor_of_another_group_is_refused(self, rig: Rig, since: str) -> None:
        group_id = create(rig)
        with pytest.raises(errors.Invalid, match="since"):
            rig.groups.look(group_id, ALL._replace(since=since))

    def test_more_than_fit_wait_for_the_next_answer(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(page, "MAX_BYTES", 500)
        group_id = create(rig)
        work(rig, *HOSTS)
        seen: list[tuple[str, int]] = []
        look, answers = ALL, 0
        while True:
            view = rig.groups.look(group_id, look)
            seen += [(it.host, it.view.report.index) for it in view.reports]
            answers += 1
            if not view.has_more:
                break
            runs = ".".join(f"1x{index}" for index in view.following)
            look = ALL._replace(since=runs)
        assert answers > 1
        assert sorted(seen) == [(host, index) for host in HOSTS for index in range(3)]

    def test_a_report_that_an_index_does_not_show_yet_comes_later(self, rig: Rig) -> None:
        group_id = create(rig, "web-1")
        work(rig, "web-1")
        hidden = rig.store.stored.pop((f"web-1~{group_id}", 0))
        view = rig.groups.look(group_id, ALL)
        assert (view.reports, view.following) == ([], [0])
        rig.store.stored[f"web-1~{group_id}", 0] = hidden
        assert len(rig.groups.look(group_id, ALL).reports) == 3

    def test_one_that_is_missing_for_good_says_so(self, rig: Rig) -> None:
        group_id = create(rig, "web-1")
        work(rig, "web-1")
        del rig.store.stored[f"web-1~{group_id}", 0]
        rig.clock.freeze(61)
        first, *others = rig.groups.look(group_id, ALL).reports
        assert (first.view.report.text, len(others)) == ("(report 0 is missing)\n\n", 2)


class TestHold:
    def test_it_is_held_until_all_who_run_have_reported(self, rig: Rig) -> None:
        group_id = create(rig)
        began = rig.clock.monotonic()
        later = iter([None, None, "db-1"])

        def one_after_the_other() -> None:
            if name := next(later, None):
                work(rig, name)

        rig.clock.every_second = one_after_the_other
        view = rig.groups.look(group_id, ALL._replace(timeout=20))
        # db-1 is new after 3 s and its window, and everybody who has begun is done then.
        assert {it.host for it in view.reports} == {"db-1"}
        assert rig.clock.monotonic() - began < 10

    def test_what_comes_a_moment_later_is_gathered(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, "db-1")
        # web-1 has begun, and has no report yet.
        rig.claim_for("web-1", f"web-1~{group_id}")
        rig.clock.every_second = lambda: work(rig, "web-2")
        view = rig.groups.look(group_id, ALL._replace(timeout=20))
        assert {it.host for it in view.reports} == {"db-1", "web-2"}

    def test_without_detail_only_the_end_counts(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, "db-1")
        began = rig.clock.monotonic()
        rig.groups.look(group_id, GroupLook(timeout=7))
        assert rig.clock.monotonic() - began == 7

    def test_it_looks_once_a_second_at_most(self, rig: Rig) -> None:
        group_id = create(rig)
        looks: list[str] = []
        rig.clock.every_second = lambda: None
        rig.store.before = looks.append
        rig.groups.look(group_id, ALL._replace(timeout=20))
        assert looks.count("get_many") == 21


def test_a_group_of_uptimes_has_one_report_of_each(rig: Rig) -> None:
    group_id = create(rig, what=What.UPTIME, window=Window(1, 1))
    work(rig, *HOSTS)
    view = rig.groups.look(group_id, ALL)
    assert [it.host for it in view.reports] == HOSTS
    assert view.standing.state is State.SUCCESS
