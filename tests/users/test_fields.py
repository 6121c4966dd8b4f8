"""The fields of a user in a body, and the rule of each."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.users import fields, model

WHOLE: dict[str, Any] = {
    "username": "jluser",
    "fullname": "J. Random Luser",
    "password": "a password",
    "admin": True,
}


def read(given: dict[str, Any], *, form: bool = False) -> dict[str, Any]:
    return fields.read(given, required=model.REQUIRED, form=form)


def test_a_whole_user_is_read_as_given() -> None:
    assert read(WHOLE) == WHOLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("username", "x"),
        ("username", "0"),
        ("username", "A" + "-._9" * 15 + "xyz"),
        ("fullname", "x"),
        ("fullname", " 😀" * 100),
        ("password", "12345678"),
        ("password", "x" * 1024),
        ("password", "ä" * 512),
        ("password", "with \n anything \x00"),
        ("admin", False),
    ],
)
def test_a_value_at_its_limit_is_accepted(name: str, value: object) -> None:
    assert read({**WHOLE, name: value})[name] == value


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        *(
            ("username", value, shown)
            for value, shown in [
                ("", "''"),
                ("x" * 65, "'" + "x" * 60 + "…'"),
                ("-x", "'-x'"),
                (".x", "'.x'"),
                ("a b", "'a b'"),
                ("a/b", "'a/b'"),
                ("jluser\n", r"'jluser\n'"),
                ("jlüser", "'jlüser'"),
                ("\ud800", r"'\ud800'"),
                (5, "5"),
                (None, "null"),
                (["x"], "a list or an object"),
            ]
        ),
        *(
            ("fullname", value, shown)
            for value, shown in [
                ("", "''"),
                ("x" * 201, "'" + "x" * 60 + "…'"),
                ("\udfff", r"'\udfff'"),
                (1.5, "1.5"),
                ({}, "a list or an object"),
            ]
        ),
        *(
            ("admin", value, shown)
            for value, shown in [("true", "'true'"), (1, "1"), (0, "0"), (None, "null")]
        ),
    ],
)
def test_a_value_that_breaks_its_rule_is_named_and_quoted(
    name: str, value: object, shown: str
) -> None:
    said = {
        "username": "1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or a digit",
        "fullname": "1 to 200 characters",
        "admin": "true or false (in a form also 1 or 0, in any case)",
    }
    with pytest.raises(errors.Invalid) as caught:
        read({**WHOLE, name: value})
    assert str(caught.value) == f"{name} must be {said[name]}, not {shown}."


@pytest.mark.parametrize("value", ["", "1234567", "x" * 1025, "ä" * 513, "\ud800" * 8, 12345678])
def test_a_password_is_never_quoted(value: object) -> None:
    with pytest.raises(errors.Invalid) as caught:
        read({**WHOLE, "password": value})
    said = "password must be at least 8 characters and at most 1024 bytes of UTF-8."
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, "username, fullname, password"), ({"username": "x", "password": "x"}, "fullname")],
)
def test_a_missing_field_is_named(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        read(given)
    assert str(caught.value) == f"The body lacks {missing}."


def test_a_change_needs_one_field() -> None:
    assert fields.read({"admin": True}, required=(), form=False) == {"admin": True}
    with pytest.raises(errors.Invalid) as caught:
        fields.read({}, required=(), form=False)
    said = "The body must have at least one of username, fullname, password, admin."
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_a_form_can_write_a_boolean_in_these_ways(text: str, value: bool) -> None:
    assert read({**WHOLE, "admin": text}, form=True)["admin"] is value


@pytest.mark.parametrize("text", ["", "yes", "on", "2", " 1", "null"])
def test_a_form_can_write_a_boolean_in_no_other_way(text: str) -> None:
    with pytest.raises(errors.Invalid):
        read({**WHOLE, "admin": text}, form=True)


def test_a_form_does_not_turn_text_into_anything_else() -> None:
    given = {"username": "123", "fullname": "null", "password": "12345678"}
    assert read(given, form=True) == given
