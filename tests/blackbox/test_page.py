"""The page as a client without a browser sees it, with whatever precedes its path."""

import re
from urllib.parse import urljoin, urlsplit

from tests.blackbox.conftest import Ask


def test_a_browser_is_led_to_the_page_and_nobody_else(ask: Ask, base_url: str) -> None:
    led = ask("GET", "/", headers={"Accept": "text/html"}, allow_redirects=False)
    path = urlsplit(base_url).path
    assert (led.status_code, led.headers["Location"]) == (303, f"{path}/page/")
    assert "Accept" in led.headers["Vary"]
    assert "links" in ask("GET", "/", headers={"Accept": "application/json"}).json()


def test_every_file_of_the_page_is_there_and_kept(ask: Ask, base_url: str) -> None:
    page = ask("GET", "/page/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert "trusted-types 'none'" in page.headers["Content-Security-Policy"]
    left = {urljoin(f"{base_url}/page/", it) for it in re.findall(r'"([^"]*\?v=\w+)"', page.text)}
    seen = set[str]()
    while left:
        url = left.pop()
        seen.add(url)
        answer = ask("GET", url.removeprefix(base_url))
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
        left |= {urljoin(url, it) for it in re.findall(r'"(\./[^"]*\?v=\w+)"', answer.text)} - seen
    assert len(seen) >= 3
    tag = page.headers["ETag"]
    assert ask("GET", "/page/", headers={"If-None-Match": tag}).status_code == 304
    assert ask("GET", "/page/nothing.js").status_code == 404
