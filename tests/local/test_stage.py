"""The environment of a stage: what a process takes from its shell, and what it must not."""

import pytest

from local import stage


def test_a_variable_of_the_shell_counts_unless_it_says_where_the_cloud_is() -> None:
    environ = {
        "PORT": "8100",
        "MAX_COUNT": "7",
        "OUTAGE_HINT": "Call me.",
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_SQS": "http://elsewhere",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "NO_PROXY": "example.org",
    }
    stage.enter(environ)
    assert environ == {
        "PORT": "8100",
        "MAX_COUNT": "7",
        "OUTAGE_HINT": "Call me.",
        "NO_WORKER_HINT": "On a laptop, `make worker PORT=8100` starts one.",
        "NO_TASK_HINT": "This service has also forgotten the tasks of before its last start; "
        "`make service DATA=dir` keeps them.",
        "STAGE": "dev",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:18100",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "example.org,127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@pytest.mark.parametrize("environ", [{}, {"PORT": "8000"}])
def test_at_the_usual_port_a_worker_is_started_without_it(environ: dict[str, str]) -> None:
    stage.enter(environ)
    assert environ["NO_WORKER_HINT"] == "On a laptop, `make worker` starts one."


def test_where_a_folder_keeps_tasks_nobody_is_told_that_they_may_be_lost() -> None:
    environ = {"DATA": "a folder"}
    stage.enter(environ)
    assert environ["NO_TASK_HINT"] == ""


def test_a_deployed_stage_keeps_its_credentials() -> None:
    environ = {"STAGE": "prod", "AWS_PROFILE": "mine"}
    stage.enter(environ)
    own = stage.all_stages()["prod"]["environment_variables"]
    assert environ == {"AWS_PROFILE": "mine", **own}


def test_an_unknown_stage_is_named() -> None:
    said = r"STAGE must be one of \.chalice/config\.json \(dev, prod\), not 'elsewhere'"
    with pytest.raises(ValueError, match=said):
        stage.enter({"STAGE": "elsewhere"})


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(port: str) -> None:
    with pytest.raises(ValueError, match="PORT must be a number from 1 to 65535"):
        stage.port({"PORT": port})
