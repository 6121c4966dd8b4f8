"""What operators see of a stage: the budget, the access log, the dashboard, the runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import stage

#: Resources that a template may name without having them.
OF_AWS = {"AWS::Region", "AWS::StackName"}


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
            "OpenTasksV2",
            "OpenTasksV3",
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
        }


@pytest.mark.skipif(shutil.which("jq") is None, reason="the runbook's command needs jq")
def test_the_runbook_finds_all_lines_of_one_task(tmp_path: Path) -> None:
    page = (stage.PROJECT / "docs" / "operating.md").read_text()
    command = page.partition("### The story of one task")[2].split("```")[1].removeprefix("sh\n")
    task_id = re.findall(r"--arg id (\S+)", command)[0]
    story = [
        {"time": f"2026-11-22T10:00:0{second}Z", "event": event, "task_id": task_id}
        for second, event in enumerate(["task created", "run began", "answered", "run ended"])
    ]
    created, began, answered, ended = story
    others: list[object] = [
        {"event": "task created", "task_id": task_id.replace("4", "5")},
        {"event": "answered", "path": "/v2/iostat"},
        7,
    ]
    for name, events in {
        "service.log": [created, others[0], answered, others[1]],
        "worker.log": [began, others[2], ended],
    }.items():
        lines = ["hoststat serves on", *map(json.dumps, events), ""]
        (tmp_path / name).write_text("\n".join(lines))
    found = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in found.stdout.splitlines()] == story
