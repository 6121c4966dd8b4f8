"""The files of the page as they are served: headers, caching, links. tests/page has the rest."""

import re

import pytest

from chalicelib.api import page
from local import stage
from tests.support.asking import Answer, ask, problem

BROWSER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FILES = sorted((stage.PROJECT / "chalicelib" / "page").iterdir())


def file(name: str, **more: object) -> Answer:
    path, parameters = f"/page/{name}", {"name": name}
    return ask("GET", path, route="/page/{name}", parameters=parameters, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prefix", "path"), [("", "/"), ("/api", "/"), ("/api", ""), ("/a/b", "/")]
)
def test_a_browser_is_led_to_the_page(prefix: str, path: str) -> None:
    answer = ask("GET", path, route="/", prefix=prefix, headers=BROWSER)
    assert (answer.status, answer.headers["Location"]) == (303, f"{prefix}/page/")
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/*", "text/htm", ""])
def test_everybody_else_gets_the_versions(accept: str | None) -> None:
    answer = ask("GET", "/", headers={} if accept is None else {"accept": accept})
    assert (answer.status, answer.headers["Vary"]) == (200, "Accept")
    assert [it["rel"] for it in answer.body["links"]] == ["v1", "v2", "v3"]


def test_the_page_says_what_a_browser_may_do() -> None:
    answer = ask("GET", "/page/")
    assert answer.status == 200
    assert answer.headers.pop("X-Request-Id")
    assert answer.headers == {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "ETag": answer.headers["ETag"],
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def test_a_page_that_a_browser_has_is_not_sent_again() -> None:
    tag = ask("GET", "/page/").headers["ETag"]
    again = ask("GET", "/page/", headers={"if-none-match": tag})
    assert (again.status, again.text, "Content-Type" in again.headers) == (304, "", False)
    assert ask("GET", "/page/", headers={"if-none-match": 'W/"other"'}).status == 200


def test_files_are_named_by_their_version_and_kept() -> None:
    html = ask("GET", "/page/").text
    names = re.findall(r'"\./(\w+\.\w+)\?v=(\w+)"', html)
    assert {name for name, _ in names} == {"page.css", "boot.js", "page.js"}
    for name, version in names:
        answer = file(name, v=version)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert file(name, v="older").headers["Cache-Control"] == "no-cache"
        assert file(name).headers["Cache-Control"] == "no-cache"


def test_every_script_is_reached_from_the_page() -> None:
    """A name without a version would never be renewed; a file that nobody names is dead."""
    found, left = set[str](), {"page.css", "boot.js", "page.js"}
    while left:
        name = left.pop()
        found.add(name)
        text = file(name).text
        assert not re.findall(r"""from ["'](?!\./\w+\.js\?v=\w{8}")""", text)
        left |= set(re.findall(r'"\./(\w+\.js)\?v=\w{8}"', text)) - found
    assert found == {it.name for it in FILES} - {"index.html"}


@pytest.mark.parametrize(
    ("prefix", "path", "begins"),
    [("", "/page/", "./"), ("", "/page", "/page/"), ("/api", "/page", "/api/page/")],
)
def test_links_work_with_and_without_the_slash(prefix: str, path: str, begins: str) -> None:
    html = ask("GET", path, prefix=prefix).text
    assert set(re.findall(r'(?:href|src)="(.*/)\w+\.(?:css|js)\?v=', html)) == {begins}


@pytest.mark.parametrize("name", ["nope.js", "index.html", "..", "page", "", "page.js/x"])
def test_there_is_nothing_else(name: str) -> None:
    answer = file(name)
    assert answer.body == problem(404, "Not Found", "There is nothing at this path.")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_query_that_is_not_known_is_refused() -> None:
    assert ask("GET", "/page/", v="1").status == 400
    assert file("page.js", w="1").status == 400


def test_the_page_is_light_and_each_file_is_short() -> None:
    assert sum(len(text.encode()) for text in page.files().texts.values()) < 60_000
    assert {it.suffix for it in FILES} == set(page.TYPES)
    assert max(len(it.read_text().splitlines()) for it in FILES) <= 250
