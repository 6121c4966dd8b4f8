"""The two templates as CloudFormation gets them: one test for each known mistake."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.settings import Settings
from local import stage

#: Those that measure: for users, and for anybody.
WORKERS = ("RunIostat", "RunOpenIostat")
FUNCTIONS = ("APIHandler", *WORKERS, "Sweep")
ROLES = ("ApiHandlerRole", "RunIostatRole", "RunOpenIostatRole", "SweepRole")


def walk(thing: Any) -> Iterator[dict[str, Any]]:
    """Give every object in a template."""
    if isinstance(thing, dict):
        yield thing
        thing = list(thing.values())
    if isinstance(thing, list):
        for it in thing:
            yield from walk(it)


class TestBoth:
    def test_cfn_lint_finds_nothing(self, dist: Path) -> None:
        lint = str(Path(sys.executable).parent / "cfn-lint")
        ours = [
            stage.PROJECT / ".chalice" / "resources.json",
            stage.PROJECT / "deploy" / "host.json",
        ]
        all_of_them = map(str, [dist / "sam.json", *ours])
        command = [lint, "--regions", "us-east-1", "eu-central-1", "--template", *all_of_them]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stdout, found.stderr) == (0, "", "")

    def test_every_intrinsic_function_stands_alone(self, template: Any, data: Any) -> None:
        """If one intrinsic function is merged over another one, the object wrongly has both."""
        for thing in (*walk(template), *walk(data)):
            if any(key == "Ref" or key.startswith("Fn::") for key in thing):
                assert len(thing) == 1

    def test_every_resource_has_a_type(self, template: Any, data: Any) -> None:
        """If we merge properties into a name that Chalice does not use, they have no type."""
        for stack in (template, data):
            assert all("Type" in it for it in stack["Resources"].values())


class TestData:
    def test_tables_are_paid_by_use_and_can_be_protected(self, data: Any) -> None:
        for name in ("Tasks", "Reports", "Users", "Tallies", "Keys"):
            table = data["Resources"][name]["Properties"]
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["DeletionProtectionEnabled"] == {"Ref": "Protected"}

    @pytest.mark.parametrize("name", ["Tasks", "Reports", "Tallies", "Keys"])
    def test_expired_items_are_deleted(self, data: Any, name: str) -> None:
        ttl = data["Resources"][name]["Properties"]["TimeToLiveSpecification"]
        assert ttl == {"AttributeName": "ttl", "Enabled": True}

    @pytest.mark.parametrize("name", ["Tasks", "Reports", "Users"])
    def test_tables_that_matter_can_be_restored(self, data: Any, name: str) -> None:
        recovery = data["Resources"][name]["Properties"]["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}

    def test_users_do_not_expire(self, data: Any) -> None:
        assert "TimeToLiveSpecification" not in data["Resources"]["Users"]["Properties"]

    def test_a_message_stays_hidden_for_six_runs_of_the_worker(self, data: Any, parts: Any) -> None:
        dead = data["Resources"]["DeadLetters"]["Properties"]
        for name, worker in zip(("Queue", "OpenQueue"), WORKERS, strict=True):
            queue = data["Resources"][name]["Properties"]
            assert queue["VisibilityTimeout"] >= 6 * parts[worker]["Timeout"]
            assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
            assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


class TestFunctions:
    def test_each_has_a_role_of_its_own(self, parts: Any) -> None:
        found = [parts[name]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS]
        assert found == list(ROLES)

    def test_no_statement_is_for_everything(self, parts: Any) -> None:
        for name in ROLES:
            for policy in parts[name]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    assert all(
                        it.startswith("arn:") and ":hoststat-prod" in it.replace("/", ":")
                        for it in statement["Resource"]
                    )
                    assert not any("*" in action for action in statement["Action"])

    def test_each_logs_lines_of_json_that_are_not_kept_for_ever(
        self, template: Any, parts: Any
    ) -> None:
        groups = {
            it["LogGroupName"]["Fn::Sub"]: it["RetentionInDays"]
            for it in parts.values()
            if "RetentionInDays" in it
        }
        of_functions = {f"/aws/lambda/${{{name}}}": 30 for name in FUNCTIONS}
        assert groups == of_functions | {"/aws/apigateway/${AWS::StackName}": 30}
        for name in FUNCTIONS:
            assert parts[name]["LoggingConfig"]["LogFormat"] == "JSON"

    def test_each_has_the_settings_of_its_stage_and_nothing_secret(
        self, parts: Any, environ: dict[str, str]
    ) -> None:
        chosen = {
            "HOLD_SECONDS": {"Fn::If": ["Reserves", "20", "5"]},
            "OPEN_MAX_WINDOW": {"Fn::If": ["HasFirewall", "20", "3600"]},
            "LAMBDA_WORKER": {"Fn::If": ["LambdaWorks", "on", "off"]},
        }
        for name in FUNCTIONS:
            more = chosen if name == "APIHandler" else {}
            assert parts[name]["Environment"]["Variables"] == environ | more
        assert set(environ) == {
            *("STAGE", "MAX_WINDOW", "MAX_WAIT", "SYNC_SECONDS"),
            *("OPEN_HOLD_SECONDS", "OPEN_TASKS", "OPEN_TASKS_PER_SOURCE"),
        }

    def test_strangers_cannot_ask_for_long_windows(self, environ: dict[str, str]) -> None:
        limits = Settings.from_env(environ)
        assert (limits.max_window, limits.max_wait) == (3600, 840)

    def test_strangers_cannot_let_functions_wait(self, environ: dict[str, str]) -> None:
        assert Settings.from_env(environ).open_hold_seconds == 0

    def test_strangers_cannot_have_many_tasks(self, environ: dict[str, str]) -> None:
        limits = Settings.from_env(environ)
        assert (limits.open_tasks, limits.open_tasks_per_source) == (1000, 20)

    def test_a_run_can_be_as_long_as_the_longest_interval(
        self, parts: Any, environ: dict[str, str]
    ) -> None:
        assert [parts[name]["Timeout"] for name in WORKERS] == [900, 900]
        assert Settings.from_env(environ).max_wait <= 900 - 60

    def test_the_api_answers_before_the_gateway_gives_up(self, parts: Any) -> None:
        assert Settings().sync_seconds < parts["APIHandler"]["Timeout"] <= 29

    def test_the_api_has_memory_enough_to_hash_a_password_fast(self, parts: Any) -> None:
        """A function's share of a processor grows with its memory."""
        assert parts["APIHandler"]["MemorySize"] >= 512

    def test_held_answers_leave_room_for_the_worker_and_the_sweeper(self, parts: Any) -> None:
        assert reserved(parts, "Sweep") == 1
        for name in WORKERS:
            scaling = mapping(parts, name)["ScalingConfig"]["MaximumConcurrency"]
            assert scaling == {"Fn::If": ["Reserves", reserved(parts, name), 2]}

    def test_a_chain_of_hand_overs_is_not_stopped(self, parts: Any) -> None:
        """By default AWS stops a function that sends to its own queue, after about 16 rounds."""
        assert [parts[name]["RecursiveLoop"] for name in WORKERS] == ["Allow", "Allow"]

    def test_chalice_deploys_as_many_workers_by_itself(self, parts: Any) -> None:
        """The template says it again, because there it depends on what the account allows."""
        functions = stage.all_stages()["prod"]["lambda_functions"]
        handlers: dict[str, Any] = {it.name: it for it in app.app.event_sources}
        for name, key in zip(WORKERS, ("run_iostat", "run_open_iostat"), strict=True):
            said = reserved(parts, name)
            assert functions[key]["reserved_concurrency"] == said
            assert handlers[key].maximum_concurrency == said

    def test_three_quarters_of_the_workers_are_for_users(self, parts: Any) -> None:
        users, anybody = (reserved(parts, name) for name in WORKERS)
        assert users >= 0.75 * (users + anybody)


def reserved(parts: Any, name: str) -> int:
    """Give what is reserved for a function, unless nothing can be."""
    condition, found, nothing = parts[name]["ReservedConcurrentExecutions"]["Fn::If"]
    assert (condition, nothing) == ("Reserves", {"Ref": "AWS::NoValue"})
    return int(found)


def mapping(parts: Any, worker: str) -> Any:
    """Give the part of the template that sends a queue's messages to its worker."""
    return parts[worker]["Events"][f"{worker}SqsEventSource"]["Properties"]


class TestQueue:
    def test_the_worker_takes_one_message_at_a_time(self, parts: Any) -> None:
        """Chalice cannot tell Lambda which message of several has failed."""
        assert [mapping(parts, name)["BatchSize"] for name in WORKERS] == [1, 1]

    @pytest.mark.parametrize(
        ("worker", "queue"), [("RunIostat", "Queue"), ("RunOpenIostat", "OpenQueue")]
    )
    def test_each_worker_takes_them_from_its_queue_of_the_data(
        self, parts: Any, data: Any, worker: str, queue: str
    ) -> None:
        arn = mapping(parts, worker)["Queue"]["Fn::Sub"]
        name = data["Resources"][queue]["Properties"]["QueueName"]["Fn::Sub"]
        assert arn.rpartition(":")[2] == name.replace("${Stage}", "prod")

    def test_the_workers_can_be_switched_off(self, template: Any, parts: Any) -> None:
        for name in WORKERS:
            assert mapping(parts, name)["Enabled"] == {"Fn::If": ["LambdaWorks", True, False]}
        assert template["Parameters"]["LambdaWorker"]["Default"] == "on"


class TestGateway:
    def test_the_gateway_has_one_stage(self, parts: Any) -> None:
        """Without a version SAM makes a second stage, called Stage, which is not throttled."""
        assert parts["RestAPI"]["OpenApiVersion"] == "2.0"

    def test_its_alarm_finds_it_by_its_name(self, parts: Any) -> None:
        name = {"Ref": "AWS::StackName"}
        assert parts["RestAPI"]["DefinitionBody"]["info"]["title"] == name
        assert parts["ApiErrors"]["Dimensions"] == [{"Name": "ApiName", "Value": name}]

    def test_it_is_regional(self, parts: Any) -> None:
        assert parts["RestAPI"]["EndpointConfiguration"] == "REGIONAL"

    def test_it_knows_the_routes_of_the_app(self, parts: Any) -> None:
        paths = parts["RestAPI"]["DefinitionBody"]["paths"]
        assert set(paths) == set(app.app.routes)
        assert not any(path.endswith("/") for path in paths if path != "/")

    def test_its_own_errors_look_like_ours_and_quote_nothing(self, parts: Any) -> None:
        responses = parts["RestAPI"]["GatewayResponses"]
        assert responses["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == 404
        assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "REQUEST_TOO_LARGE"} < set(responses)
        for name, response in responses.items():
            body = json.loads(response["ResponseTemplates"]["application/json"])
            assert body.pop("status", None) == response.get("StatusCode")
            assert list(body) == ["type", "title", "detail", "msg"]
            assert body["detail"] == body["msg"]
            assert "$" not in str(body), name
            headers = response["ResponseParameters"]["Headers"]
            assert headers["Cache-Control"] == "'no-store'"
            assert not any(
                "request" in value.lower()
                for value in headers.values()
                if value != "context.requestId"
            )
