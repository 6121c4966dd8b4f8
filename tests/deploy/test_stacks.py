"""Stacks of CloudFormation: what we ask for, and what we print of the result."""

import io
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy import deploy, destroy, stacks
from deploy.package import Failed

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {}, "Protected": {}, "AlarmTopic": {}},
    "Resources": {},
}


class FakeCloudFormation:
    """A stack that goes through the statuses of `course` after a change or a delete has begun."""

    def __init__(
        self, *course: str, status: str | None = None, change: str = "CREATE_COMPLETE"
    ) -> None:
        self.status, self._course, self._change = status, list(course), change
        self.asked: list[tuple[str, Any]] = []
        #: How many times it is asked for events before it has one of the last request.
        self.silent = 0

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        if self._course and self.asked and self.asked[-1][0] in ("execute", "delete"):
            self.status = self._course.pop(0)
        if self.status is None or self.status == "GONE":
            error: Any = {"Error": {"Message": f"Stack {StackName} does not exist"}}
            raise ClientError(error, "DescribeStacks")
        known = [{"ParameterKey": "Stage"}, {"ParameterKey": "Protected"}]
        return {"Stacks": [{"StackStatus": self.status, "Parameters": known}]}

    def create_change_set(self, **asked: Any) -> Any:
        self.asked.append(("change", asked))
        return {"Id": "change"}

    def describe_change_set(self, ChangeSetName: str) -> Any:  # noqa: N803
        status, _, reason = self._change.partition(": ")
        return {"Status": status, "StatusReason": reason}

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        self.asked.append(("forget", ChangeSetName))

    def execute_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        self.asked.append(("execute", ChangeSetName))

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.asked.append(("delete", StackName))

    def describe_stack_events(self, StackName: str) -> Any:  # noqa: N803
        old = {"EventId": "0", "LogicalResourceId": "Old", "ResourceStatus": "CREATE_FAILED"}
        event = {"EventId": "1", "LogicalResourceId": "Tasks", "ResourceStatus": "CREATE_FAILED"}
        begun = self.asked[-1][0] in ("execute", "delete") if self.asked else False
        if begun and self.silent:
            self.silent, begun = self.silent - 1, False
        return {"StackEvents": [{**event, "ResourceStatusReason": "No quota."}] * begun + [old]}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.stacks._LOOK", 0)


def test_a_stack_that_is_not_there_is_made() -> None:
    client = FakeCloudFormation("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert stacks.apply(client, "it", TEMPLATE, {"Stage": "prod"}) is True
    change = client.asked[0][1]
    assert change["ChangeSetType"] == "CREATE"
    assert change["Parameters"] == [{"ParameterKey": "Stage", "ParameterValue": "prod"}]


def test_parameters_that_are_not_given_stay_as_they_are() -> None:
    client = FakeCloudFormation("UPDATE_COMPLETE", status="CREATE_COMPLETE")
    assert stacks.apply(client, "it", TEMPLATE, {"Stage": "prod"}, "https://there") is True
    change = client.asked[0][1]
    assert (change["ChangeSetType"], change["TemplateURL"]) == ("UPDATE", "https://there")
    assert change["Parameters"] == [
        {"ParameterKey": "Stage", "ParameterValue": "prod"},
        {"ParameterKey": "Protected", "UsePreviousValue": True},
    ]


@pytest.mark.parametrize(
    "reason",
    ["The submitted information didn't contain changes.", "No updates are to be performed."],
)
def test_a_change_without_changes_is_printed_and_deleted(
    reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FakeCloudFormation(status="CREATE_COMPLETE", change=f"FAILED: {reason}")
    assert stacks.apply(client, "it", TEMPLATE, {}) is False
    assert capsys.readouterr().out == "it: nothing to change\n"
    assert client.asked[1:] == [("forget", "change")]


def test_a_change_that_cannot_be_made_says_why() -> None:
    client = FakeCloudFormation(change="FAILED: Template error.")
    with pytest.raises(Failed, match=r"it: Template error\."):
        stacks.apply(client, "it", TEMPLATE, {})


def test_a_stack_that_fails_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    client = FakeCloudFormation("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
    with pytest.raises(Failed, match="it is ROLLBACK_COMPLETE"):
        stacks.apply(client, "it", TEMPLATE, {})
    assert capsys.readouterr().out == "it: making ...\n  CREATE_FAILED    Tasks No quota.\n"


def test_a_stack_whose_first_try_failed_is_deleted_first() -> None:
    client = FakeCloudFormation("GONE", "GONE", "CREATE_COMPLETE", status="ROLLBACK_COMPLETE")
    assert stacks.apply(client, "it", TEMPLATE, {}) is True
    assert [what for what, _ in client.asked] == ["delete", "change", "execute"]
    assert client.asked[1][1]["ChangeSetType"] == "CREATE"


def test_an_old_status_is_not_taken_for_the_end() -> None:
    course = ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    client = FakeCloudFormation(*course, status="UPDATE_COMPLETE")
    client.silent = 1
    with pytest.raises(Failed, match="it is UPDATE_ROLLBACK_COMPLETE"):
        stacks.apply(client, "it", TEMPLATE, {})


def test_a_stack_is_deleted() -> None:
    client = FakeCloudFormation("DELETE_IN_PROGRESS", "GONE", status="CREATE_COMPLETE")
    stacks.delete(client, "it")
    assert client.asked == [("delete", "it")]
    stacks.delete(client, "it")
    assert client.asked == [("delete", "it")]


class FakeGateway:
    """API Gateway, which has a role to write logs with or not."""

    def __init__(self, role: str | None) -> None:
        self._account = {"cloudwatchRoleArn": role} if role else {}

    def get_account(self) -> dict[str, str]:
        return self._account


class TestAccessLog:
    """Whether the stage gets an access log, which needs a role of the account."""

    @pytest.mark.parametrize("role", ["arn:aws:iam::1:role/logs", None])
    @pytest.mark.parametrize(
        ("given", "stored"), [({"AccessLog": "off"}, "on"), ({"AccessLog": "role"}, "off")]
    )
    def test_off_and_role_need_nothing(
        self, role: str | None, given: dict[str, str], stored: str
    ) -> None:
        assert deploy.access_log(FakeGateway(role), given, {"AccessLog": stored}) == {}

    @pytest.mark.parametrize("stored", ["on", "off", "role"])
    def test_without_a_word_it_stays_as_it_is(self, stored: str) -> None:
        assert deploy.access_log(FakeGateway(None), {}, {"AccessLog": stored}) == {}

    @pytest.mark.parametrize("given", [{}, {"AccessLog": "on"}])
    def test_where_there_is_a_role_it_is_on(self, given: dict[str, str]) -> None:
        assert deploy.access_log(FakeGateway("arn"), given, {}) == {"AccessLog": "on"}

    def test_a_new_stage_without_a_role_has_none_and_says_so(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert deploy.access_log(FakeGateway(None), {}, {}) == {"AccessLog": "off"}
        assert capsys.readouterr().out == (
            "No access log: API Gateway has no role here to write an access log with. "
            "ACCESS_LOG=role makes one, for all APIs of this account and region.\n"
        )

    def test_one_that_is_asked_for_and_cannot_be_is_an_error(self) -> None:
        with pytest.raises(Failed, match=r"ACCESS_LOG=role makes one, .* ACCESS_LOG=off goes"):
            deploy.access_log(FakeGateway(None), {"AccessLog": "on"}, {"AccessLog": "off"})


def test_parameters_of_a_stack_are_read_by_name() -> None:
    class Client:
        def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
            stored = [{"ParameterKey": "AccessLog", "ParameterValue": "on"}]
            return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Parameters": stored}]}

    assert stacks.parameters(Client(), "it") == {"AccessLog": "on"}
    assert stacks.parameters(FakeCloudFormation(), "it") == {}


def test_data_goes_with_the_queues_of_its_hosts_and_of_no_other_stage(
    cloud: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs = boto3.client("sqs")
    for name in ("prod-host-web-1", "prod-host-db-1", "prod-tasks", "dev-host-web-1"):
        sqs.create_queue(QueueName=f"hoststat-{name}")
    destroy.destroy("prod", data=False)
    assert len(sqs.list_queues(QueueNamePrefix="hoststat-prod-")["QueueUrls"]) == 3
    destroy.destroy("prod", data=True)
    left = sqs.list_queues(QueueNamePrefix="hoststat-prod-")["QueueUrls"]
    assert [url.rpartition("/")[2] for url in left] == ["hoststat-prod-tasks"]
    assert len(sqs.list_queues(QueueNamePrefix="hoststat-dev-host-")["QueueUrls"]) == 1
    assert "Deleted the queues of 2 hosts\n" in capsys.readouterr().out


class TestCommands:
    """What a person sees. No request leaves this computer."""

    @pytest.mark.parametrize("stage", ["dev", "nope"])
    @pytest.mark.parametrize("main", [deploy.main, destroy.main])
    def test_an_unknown_stage_gives_one_clear_line(
        self,
        stage: str,
        main: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("STAGE", stage)
        assert main() == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert said.err.startswith("hoststat: STAGE must be one of .chalice/config.json (prod)")

    @pytest.mark.parametrize("answer", ["", "yes\n", "Prod\n"])
    def test_destroy_asks_before_it_deletes(
        self, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("STAGE", "prod")
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert destroy.main() == 1
        what = "This deletes the API and the functions of the stage prod."
        asked = f"{what} Type its name to go on: "
        assert capsys.readouterr().out == f"{asked}Nothing was deleted.\n"


def test_the_folder_of_a_laptop_is_no_answer_to_what_is_destroyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGE", "prod")
    monkeypatch.setenv("DATA", "data")
    assert destroy.main() == 1
    assert capsys.readouterr().err == "hoststat: DATA must be 'delete' here, or not be set.\n"
