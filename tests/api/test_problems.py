"""Errors as answers: each error has a status, or is internal and becomes a 500."""

import pytest

from chalicelib import errors
from chalicelib.api import problems


def kinds(base: type[errors.HoststatError]) -> list[type[errors.HoststatError]]:
    """Give all classes of errors below that one."""
    return [kind for it in base.__subclasses__() for kind in (it, *kinds(it))]


def an_error(kind: type[errors.HoststatError]) -> errors.HoststatError:
    given: dict[object, tuple[object, ...]] = {
        errors.MethodNotAllowed: ("PUT", ["GET"]),
        errors.NameNotFree: ("x", 7),
        errors.NoSuchGroup: ("x",),
        errors.NoSuchHost: ("x",),
        errors.NoSuchHosts: (["x"], 0),
        errors.NoSuchTask: ("x",),
        errors.NoSuchUser: ("x",),
        errors.NoWorker: (2,),
        errors.TooManyLogins: (7,),
        errors.TooManyTasks: ("Too many.", 7),
        errors.UsernameTaken: ("x",),
    }
    return kind(*given.get(kind, ()))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", kinds(errors.HoststatError))
def test_every_error_can_be_answered(kind: type[errors.HoststatError]) -> None:
    error = an_error(kind)

    def fail() -> None:
        raise error

    answer = problems.answering(fail, request_id="1")
    internal = kind in problems.INTERNAL
    status = 500 if internal else problems.STATUS[kind]
    said = "Something went wrong in the service; its log says what." if internal else str(error)
    assert (answer.status_code, answer.body["detail"]) == (status, said)
    assert internal is not (kind in problems.STATUS)


def test_an_internal_error_is_500_and_is_logged(
    logged: list[tuple[str, dict[str, object]]],
) -> None:
    def fail() -> None:
        raise errors.LeaseLost

    assert problems.answering(fail, request_id="an id").status_code == 500
    assert logged == [("request failed", {"request_id": "an id"})]
