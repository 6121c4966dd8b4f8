"""Where a request comes from: a page from elsewhere may read, and change nothing."""

from typing import Any

import pytest

from tests.support.asking import ZERO, ask, problem


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/iostat"), ("POST", "/v2/iostat"), ("DELETE", "/v2/task/{task_id}")],
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "Cross-Site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "no such value"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://here.example:81", "Host": "here.example"},
        {"Origin": "null", "Host": "here.example"},
        {"Origin": "http://[", "Host": "here.example"},
        {"Origin": "", "Host": "here.example"},
    ],
    ids=str,
)
def test_a_page_from_elsewhere_changes_nothing(
    method: str, path: str, headers: dict[str, str]
) -> None:
    answer = ask(
        method,
        path,
        parameters={"task_id": ZERO},
        headers=headers,
    )
    detail = "A page from elsewhere may not change anything here."
    assert answer.body == problem(403, "Forbidden", detail)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "Same-Origin", "origin": "https://proxy.example"},
        {"sec-fetch-site": "none"},
        {"origin": "https://Here.example", "host": "here.example"},
        {"origin": "http://localhost:8000", "host": "localhost:8000"},
    ],
    ids=str,
)
def test_our_own_page_may_create(cloud: Any, headers: dict[str, str]) -> None:
    assert ask("GET", "/v2/iostat", headers=headers).status == 201


def test_a_page_of_another_site_may_read() -> None:
    assert ask("GET", "/v2", headers={"sec-fetch-site": "cross-site"}).status == 200
