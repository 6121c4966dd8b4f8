"""Alarms: what operators must act on, and the runbook that says how."""

import re
from typing import Any

import pytest

from local import stage

TO_TOPIC = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], []]}


@pytest.fixture(scope="module")
def alarms(template: Any, data: Any) -> dict[str, Any]:
    """Give the properties of every alarm of a stage."""
    return {
        name: it["Properties"]
        for stack in (template, data)
        for name, it in stack["Resources"].items()
        if it["Type"] == "AWS::CloudWatch::Alarm"
    }


def test_there_is_an_alarm_for_each_thing_that_an_operator_must_act_on(
    alarms: dict[str, Any],
) -> None:
    assert set(alarms) == {
        "ApiConcurrency",
        "ApiErrors",
        "ApiThrottled",
        "BacklogAlarm",
        "DeadLettersAlarm",
        "FirewallBlocked",
        "LoginsRefused",
        "OpenBacklogAlarm",
        "OpenTasksFull",
        "OpenWorkerErrors",
        "OpenWorkerThrottled",
        "StoreThrottled",
        "SweepErrors",
        "SweepMissing",
        "WorkerErrors",
        "WorkerLost",
        "WorkerThrottled",
    }


def test_each_alarm_is_sent_to_the_topic(alarms: dict[str, Any]) -> None:
    assert all(alarm["AlarmActions"] == TO_TOPIC for alarm in alarms.values())


def test_each_alarm_says_where_its_runbook_is(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].endswith(f" See {name} in docs/operating.md.")
        assert len(alarm["AlarmDescription"]) <= 1024


def test_the_runbook_has_a_section_for_each_alarm_and_for_nothing_else(
    alarms: dict[str, Any],
) -> None:
    page = (stage.PROJECT / "docs" / "operating.md").read_text()
    sections = re.findall(r"^### `(\w+)`$", page, re.MULTILINE)
    assert sorted(sections) == sorted([*alarms, "MonthlyBudget"])


def test_only_a_sweep_that_is_missing_makes_an_alarm_by_silence(alarms: dict[str, Any]) -> None:
    silent = {name for name, it in alarms.items() if it["TreatMissingData"] == "breaching"}
    assert silent == {"SweepMissing"}


def test_the_alarm_of_concurrency_comes_before_lambda_refuses(
    alarms: dict[str, Any], parts: Any
) -> None:
    limit = parts["APIHandler"]["ReservedConcurrentExecutions"]["Fn::If"][1]
    assert limit / 2 <= alarms["ApiConcurrency"]["Threshold"] <= limit * 0.8


@pytest.mark.parametrize(
    ("alarm", "event", "groups"),
    [
        ("LoginsRefused", "login refused", {"ApiHandlerLogGroup"}),
        (
            "StoreThrottled",
            "throttled",
            {
                "ApiHandlerLogGroup",
                "RunIostatLogGroup",
                "RunOpenIostatLogGroup",
                "SweepLogGroup",
            },
        ),
    ],
)
def test_alarms_of_the_log_count_events_of_the_functions(
    alarms: dict[str, Any], template: Any, alarm: str, event: str, groups: set[str]
) -> None:
    """That the code logs these events is tested with the code."""
    metric = {"MetricNamespace": {"Ref": "AWS::StackName"}, "MetricValue": "1"}
    metric["MetricName"] = alarms[alarm]["MetricName"]
    assert alarms[alarm]["Namespace"] == metric["MetricNamespace"]
    filters = [
        it["Properties"]
        for it in template["Resources"].values()
        if it["Type"] == "AWS::Logs::MetricFilter"
        and it["Properties"]["FilterPattern"] == f'{{ $.event = "{event}" }}'
    ]
    assert {it["LogGroupName"]["Ref"] for it in filters} == groups
    assert all(it["MetricTransformations"] == [metric] for it in filters)


@pytest.mark.parametrize("version", ["2", "3"])
def test_the_number_of_open_tasks_comes_from_the_log_of_each_sweep(
    parts: Any, version: str
) -> None:
    found = parts[f"OpenTasksV{version}"]
    assert found["LogGroupName"] == {"Ref": "SweepLogGroup"}
    assert found["FilterPattern"] == '{ $.event = "swept" }'
    (metric,) = found["MetricTransformations"]
    assert metric["MetricName"] == f"OpenTasksV{version}"
    assert metric["MetricValue"] == f"$.open_v{version}"


def test_the_alarm_of_open_tasks_comes_before_creates_are_refused(
    alarms: dict[str, Any], environ: dict[str, str]
) -> None:
    alarm = alarms["OpenTasksFull"]
    assert alarm["MetricName"] == "OpenTasksV2"
    assert alarm["Threshold"] == 0.9 * int(environ["OPEN_TASKS"])


@pytest.mark.parametrize("name", ["Errors", "Throttled"])
def test_each_worker_has_alarms_of_its_own(alarms: dict[str, Any], name: str) -> None:
    both = [alarms[f"{worker}{name}"] for worker in ("Worker", "OpenWorker")]
    watched = [alarm["Dimensions"][0]["Value"]["Ref"] for alarm in both]
    assert watched == ["RunIostat", "RunOpenIostat"]


def test_each_queue_has_an_alarm_of_its_own(alarms: dict[str, Any]) -> None:
    both = [alarms[name] for name in ("BacklogAlarm", "OpenBacklogAlarm")]
    watched = [alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for alarm in both]
    assert watched == ["Queue", "OpenQueue"]
    assert [alarm["MetricName"] for alarm in both] == 2 * ["ApproximateAgeOfOldestMessage"]
