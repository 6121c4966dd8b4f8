"""The OpenAPI description: valid, complete, and with the same limits as the code."""

from typing import Any

import jsonschema
import openapi_spec_validator
import pytest

from chalicelib.api import openapi
from chalicelib.settings import Settings
from chalicelib.users import fields
from tests.support import described
from tests.support.asking import ask


def test_the_description_is_valid() -> None:
    openapi_spec_validator.validate(ask("GET", "/openapi.json").body)


def test_it_describes_every_route_and_no_other() -> None:
    assert described.undescribed() == set()


def test_its_paths_are_written_as_in_links() -> None:
    """Collections have a slash at the end, items have none."""
    for path in described.document()["paths"]:
        item = path.endswith("}") or path in ("/health", "/openapi.json")
        assert path.endswith("/") is not item


def test_it_names_the_address_of_the_service() -> None:
    body = ask("GET", "/openapi.json", prefix="/prod").body
    assert body["servers"] == [{"url": "/prod"}]
    assert ask("GET", "/openapi.json").body["servers"] == [{"url": "/"}]


def test_its_limits_are_those_of_the_stage() -> None:
    limits = Settings(max_count=7, max_wait=9)
    for where in (openapi.document(limits, "", fields.schemas()), described.document()):
        window = where["components"]["schemas"]["Window"]["properties"]
        query = where["paths"]["/v2/iostat/"]["get"]["parameters"]
        asked = {it["name"]: it["schema"].get("maximum") for it in query}
        assert {name: it.get("maximum") for name, it in window.items()} == asked
    assert asked == {"count": 10_000, "wait": 86_400, "extended": None, "cpu": None}


def test_every_example_fits_its_schema() -> None:
    for operations in described.paths().values():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values():
                    if "$ref" in content["schema"]:
                        name = content["schema"]["$ref"].rpartition("/")[2]
                        described._validator(name).validate(content["example"])
                        assert status


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Window", {"wait": 1}),
        ("Window", {"count": 1, "wait": 1}),
        ("Window", {"count": 0}),
        ("Window", {"extended": 1}),
        ("WindowForm", {"cpu": 2}),
        ("NewUser", {"username": "a b", "fullname": "x", "password": "12345678"}),
        ("NewUser", {"username": "ab", "fullname": "x"}),
        ("UserChanges", {}),
        ("Task", {"task_id": "x"}),
    ],
)
def test_it_refuses_what_the_code_refuses(name: str, body: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        described._validator(name).validate(body)
