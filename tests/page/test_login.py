"""The login: what is kept, what is said, and that the browser never asks by itself."""

import re

from playwright.sync_api import Page, Route, expect

from tests.page.conftest import Open, check, log_in

UNAUTHORIZED = "401 (Unauthorized)"
WRONG = "The user name or the password is wrong."


def test_a_browser_is_led_to_the_login(open_page: Open, url: str) -> None:
    page = open_page("/")
    assert page.url == f"{url}/page/"
    expect(page.get_by_label("User name")).to_be_focused()


def test_a_wrong_login_is_said_and_no_dialog_comes(open_page: Open) -> None:
    page = log_in(open_page(allowed=UNAUTHORIZED), password="wrong")
    expect(page.get_by_role("alert")).to_have_text(WRONG)
    expect(page.get_by_role("button", name="Log in")).to_be_enabled()
    check(page)


def test_names_that_are_no_names_log_nobody_in(open_page: Open) -> None:
    page = open_page(allowed=UNAUTHORIZED)
    for name in ("", "..", "root/../root", "%72oot"):
        log_in(page, username=name)
        expect(page.get_by_role("button", name="Log in")).to_be_enabled()
        expect(page.get_by_role("alert")).to_have_text(WRONG)


def test_too_many_wrong_logins_are_told_with_the_time_that_is_left(open_page: Open) -> None:
    page = open_page(allowed="(")
    for _ in range(4):
        log_in(page, username="somebody", password="wrong")
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".left")).to_have_text(re.compile(r"^\d+ (s|min) left$"))
    expect(page.get_by_role("alert")).to_contain_text("wrong logins")
    expect(page.get_by_role("button", name="Log in")).to_be_disabled()


def test_a_password_in_any_script_is_sent_as_utf_8(open_page: Open, inside: Page) -> None:
    password = "pässwörd 密碼 🔑"
    inside.get_by_role("link", name="Users").click()
    inside.get_by_label("User name").fill("zoe")
    inside.get_by_label("Full name").fill("Zoë")
    inside.get_by_label("Password").fill(password)
    inside.get_by_role("button", name="Add").click()
    expect(inside.get_by_role("status")).to_have_text("zoe is added.")
    page = log_in(open_page(), "zoe", password)
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_the_login_is_kept_nowhere(inside: Page) -> None:
    kept = "() => [document.cookie, localStorage.length, sessionStorage.length]"
    assert inside.evaluate(kept) == ["", 0, 0]
    assert inside.context.cookies() == []
    inside.reload()
    expect(inside.get_by_label("User name")).to_be_visible()
    expect(inside.get_by_label("Password")).to_have_value("")


def test_every_request_has_the_login_and_no_cookie(open_page: Open) -> None:
    page = open_page()
    asked: list[dict[str, str]] = []

    def look(route: Route) -> None:
        asked.append(route.request.all_headers())
        route.continue_()

    page.route("**/v3/**", look)
    log_in(page).get_by_role("button", name="Start").wait_for()
    assert asked
    assert all("authorization" in it and "cookie" not in it for it in asked)


def test_a_login_that_is_no_longer_taken_leads_back_to_the_form(open_page: Open) -> None:
    page = log_in(open_page(allowed=UNAUTHORIZED))
    page.get_by_role("button", name="Start").wait_for()
    page.route("**/v3/task/**", lambda route: route.fulfill(status=401, json={"detail": "No."}))
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("alert")).to_have_text("Your login is no longer accepted.")
    page.unroute("**/v3/task/**")
    log_in(page).get_by_role("heading", name="History").wait_for()
