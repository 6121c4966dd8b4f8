"""What operators see of a stage: alarms, their runbook, the access log, the dashboard, the bill."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import stage

TO_TOPIC = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], []]}
#: Resources that a template may name without having them.
OF_AWS = {"AWS::Region", "AWS::StackName"}


@pytest.fixture(scope="module")
def alarms(template: Any, data: Any) -> dict[str, Any]:
    """Give the properties of every alarm of a stage."""
    return {
        name: it["Properties"]
        for stack in (template, data)
        for name, it in stack["Resources"].items()
        if it["Type"] == "AWS::CloudWatch::Alarm"
    }


class TestAlarms:
    def test_there_is_one_for_each_thing_that_an_operator_must_act_on(
        self, alarms: dict[str, Any]
    ) -> None:
        assert set(alarms) == {
            "ApiConcurrency",
            "ApiErrors",
            "ApiThrottled",
            "BacklogAlarm",
            "DeadLettersAlarm",
            "LoginsRefused",
            "StoreThrottled",
            "SweepErrors",
            "SweepMissing",
            "WorkerErrors",
            "WorkerThrottled",
        }

    def test_each_is_sent_to_the_topic(self, alarms: dict[str, Any]) -> None:
        assert all(alarm["AlarmActions"] == TO_TOPIC for alarm in alarms.values())

    def test_each_says_where_its_runbook_is(self, alarms: dict[str, Any]) -> None:
        for name, alarm in alarms.items():
            assert alarm["AlarmDescription"].endswith(f" See {name} in docs/operating.md.")
            assert len(alarm["AlarmDescription"]) <= 1024

    def test_the_runbook_has_a_section_for_each_and_for_nothing_else(
        self, alarms: dict[str, Any]
    ) -> None:
        page = (stage.PROJECT / "docs" / "operating.md").read_text()
        sections = re.findall(r"^### `(\w+)`$", page, re.MULTILINE)
        assert sorted(sections) == sorted([*alarms, "MonthlyBudget"])

    def test_only_a_sweep_that_is_missing_makes_an_alarm_by_silence(
        self, alarms: dict[str, Any]
    ) -> None:
        silent = {name for name, it in alarms.items() if it["TreatMissingData"] == "breaching"}
        assert silent == {"SweepMissing"}

    def test_the_one_of_concurrency_comes_before_lambda_refuses(
        self, alarms: dict[str, Any], parts: Any
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
    def test_those_of_the_log_count_events_of_the_functions(
        self, alarms: dict[str, Any], template: Any, alarm: str, event: str, groups: set[str]
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


class TestBudget:
    def test_there_is_none_unless_somebody_sets_one(self, template: Any) -> None:
        assert template["Parameters"]["Budget"]["Default"] == 0
        assert template["Resources"]["MonthlyBudget"]["Condition"] == "HasBudget"
        assert template["Conditions"]["HasBudget"] == {
            "Fn::Not": [{"Fn::Equals": [{"Ref": "Budget"}, "0"]}]
        }

    def test_it_is_sent_to_the_topic(self, parts: Any) -> None:
        sent = parts["MonthlyBudget"]["NotificationsWithSubscribers"]["Fn::If"]
        assert (sent[0], sent[2]) == ("HasAlarmTopic", {"Ref": "AWS::NoValue"})
        found = {
            (it["Notification"]["NotificationType"], it["Notification"]["Threshold"])
            for it in sent[1]
        }
        assert found == {("ACTUAL", 80), ("FORECASTED", 100)}
        to_topic = [{"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopic"}}]
        assert all(it["Subscribers"] == to_topic for it in sent[1])


class TestAccessLog:
    def test_it_is_one_line_of_json_for_each_request(self, parts: Any) -> None:
        condition, there, otherwise = parts["RestAPI"]["AccessLogSetting"]["Fn::If"]
        assert (condition, otherwise) == ("HasAccessLog", {"Ref": "AWS::NoValue"})
        assert there["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
        assert json.loads(there["Format"]) == {
            "request_id": "$context.requestId",
            "time": "$context.requestTime",
            "source": "$context.identity.sourceIp",
            "method": "$context.httpMethod",
            # The caller chooses neither: lines of refused requests must not be long.
            "path": "$context.resourcePath",
            "status": "$context.status",
            "latency_ms": "$context.responseLatency",
            "integration_latency_ms": "$context.integration.latency",
            "error": "$context.error.responseType",
        }

    def test_the_gateway_may_write_before_the_log_is_made(self, parts: Any) -> None:
        """The tag makes CloudFormation wait: a stage with a log fails without the role."""
        (tag,) = parts["AccessLogGroup"]["Tags"]
        assert tag["Value"]["Fn::If"][:2] == ["MakesLogRole", {"Ref": "GatewayAccount"}]

    @pytest.mark.parametrize("name", ["GatewayAccount", "GatewayLogRole"])
    def test_what_other_apis_may_need_too_outlives_the_stage(
        self, template: Any, name: str
    ) -> None:
        resource = template["Resources"][name]
        assert resource["Condition"] == "MakesLogRole"
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


class TestDashboard:
    @pytest.fixture
    def text(self, parts: Any) -> str:
        found: str = parts["Dashboard"]["DashboardBody"]["Fn::Sub"]
        return found

    def test_it_names_only_what_there_is(self, template: Any, data: Any, text: str) -> None:
        named = set(re.findall(r"\$\{([\w:]+)(?:\.Arn)?\}", text))
        assert named - OF_AWS <= set(template["Resources"])
        made = {
            name["Fn::Sub"].removeprefix("hoststat-${Stage}-")
            for it in data["Resources"].values()
            for key, name in it["Properties"].items()
            if key in ("TableName", "QueueName")
        }
        assert set(re.findall(r"\$\{AWS::StackName\}-([\w-]+)", text)) == made

    def test_every_alarm_of_its_stack_is_on_it(self, template: Any, text: str) -> None:
        there = {
            name
            for name, it in template["Resources"].items()
            if it["Type"] == "AWS::CloudWatch::Alarm"
        }
        assert set(re.findall(r"\$\{(\w+)\.Arn\}", text)) == there

    def test_widgets_do_not_overlap(self, text: str) -> None:
        taken: set[tuple[int, int]] = set()
        for widget in json.loads(text)["widgets"]:
            columns = range(widget["x"], widget["x"] + widget["width"])
            rows = range(widget["y"], widget["y"] + widget["height"])
            cells = {(x, y) for x in columns for y in rows}
            assert columns.stop <= 24
            assert not taken & cells
            taken |= cells

    def test_it_shows_what_an_operator_asks_first(self, text: str) -> None:
        shown = {
            metric[1]
            for widget in json.loads(text)["widgets"]
            for metric in widget["properties"].get("metrics", [])
        }
        assert shown >= {
            "Count",
            "5XXError",
            "Duration",
            "ConcurrentExecutions",
            "Throttles",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateAgeOfOldestMessage",
            "LoginsRefused",
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
        }


@pytest.mark.skipif(shutil.which("jq") is None, reason="the runbook's command needs jq")
def test_the_runbook_finds_all_lines_of_one_task(tmp_path: Path) -> None:
    page = (stage.PROJECT / "docs" / "operating.md").read_text()
    command = page.partition("### The story of one task")[2].split("```")[1].removeprefix("sh\n")
    task_id = re.findall(r"--arg id (\S+)", command)[0]
    story = [
        {"event": "task created", "task_id": task_id},
        {"event": "answered", "path": f"/v2/task/{task_id}/", "task_id": task_id},
        {"event": "run began", "task_id": task_id},
    ]
    others: list[object] = [
        {"event": "task created", "task_id": task_id.replace("4", "5")},
        {"event": "answered", "path": "/v2/iostat"},
        7,
    ]
    lines = [json.dumps(it) for pair in zip(story, others, strict=True) for it in pair]
    (tmp_path / "service.log").write_text("\n".join(["hoststat serves on", *lines, ""]))
    found = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in found.stdout.splitlines()] == story
