"""Settings: defaults, variables, and the errors of wrong values."""

import pytest

from chalicelib.settings import Settings


def test_everything_has_a_default() -> None:
    assert Settings.from_env({}) == Settings()


def test_a_variable_overrides_its_field() -> None:
    environ = {"STAGE": "prod", "MAX_COUNT": "7", "KEEP_DAYS": "4.5", "HOME": "/"}
    assert Settings.from_env(environ) == Settings(stage="prod", max_count=7, keep_days=4.5)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"MAX_COUNT": "many"}, "MAX_COUNT must be a number (int), not 'many'"),
        ({"MAX_COUNT": "1.5"}, "MAX_COUNT must be a number (int), not '1.5'"),
        ({"LEASE_SECONDS": ""}, "LEASE_SECONDS must be a number (float), not ''"),
        ({"LEASE_SECONDS": "-1"}, "LEASE_SECONDS must be more than 0, not '-1'"),
        ({"CONCURRENCY": "0"}, "CONCURRENCY must be more than 0, not '0'"),
        ({"LEASE_SECONDS": "30"}, "HEARTBEAT_SECONDS must be below half of LEASE_SECONDS"),
        (
            {"KEEP_DAYS": "0.5"},
            "KEEP_DAYS must be at least 1, the day that an Idempotency-Key lasts",
        ),
        ({"LEASE_SECONDS": "inf"}, "LEASE_SECONDS must be more than 0, not 'inf'"),
        ({"LEASE_SECONDS": "nan"}, "LEASE_SECONDS must be more than 0, not 'nan'"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_its_variable(
    environ: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        Settings.from_env(environ)
    assert str(caught.value) == said


@pytest.mark.parametrize(("longest", "of_strangers"), [(3600, 20), (10, 10)])
def test_windows_of_strangers_are_never_longer_than_those_of_users(
    longest: int, of_strangers: int
) -> None:
    settings = Settings(max_window=longest, open_max_window=20)
    assert settings.for_strangers().max_window == of_strangers
    assert settings.max_window == longest


def test_names_contain_the_stage() -> None:
    assert Settings(stage="prod").name("tasks") == "hoststat-prod-tasks"
