"""Users: everybody sees them, admins change them."""

from playwright.sync_api import Page, expect

from tests.page.conftest import Open, check, log_in


def test_an_admin_adds_changes_and_deletes_a_user(inside: Page, open_page: Open) -> None:
    inside.get_by_role("link", name="Users").click()
    news = inside.get_by_role("status")
    inside.get_by_label("User name").fill("jluser")
    inside.get_by_label("Full name").fill("J. <b>Luser</b>")
    inside.get_by_label("Password").fill("a long password")
    inside.get_by_role("button", name="Add").click()
    expect(news).to_have_text("jluser is added.")
    inside.get_by_role("button", name="Change jluser").click()
    inside.get_by_label("Full name").fill("J. Random")
    inside.get_by_role("button", name="Save").click()
    expect(news).to_have_text("jluser is changed.")
    expect(inside.get_by_role("row", name="jluser")).to_contain_text("J. Random")
    other = log_in(open_page("/page/#users"), "jluser", "a long password")
    expect(other.get_by_role("row", name="root")).to_be_visible()
    expect(other.get_by_label("Full name")).to_be_hidden()
    expect(other.get_by_role("button", name="Delete")).to_have_count(0)
    check(other)
    inside.get_by_role("button", name="Delete jluser").click()
    inside.get_by_role("button", name="Delete jluser: sure?").click()
    expect(news).to_have_text("jluser is deleted.")
    expect(inside.get_by_role("row", name="jluser")).to_have_count(0)


def test_what_the_service_refuses_is_said(open_page: Open) -> None:
    page = log_in(open_page("/page/#users", allowed="4"))
    page.get_by_role("button", name="Add").wait_for()
    page.get_by_label("User name").fill("jluser")
    page.get_by_label("Full name").fill("J.")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("password must be at least 8")
    check(page)
    page.get_by_role("button", name="Delete root").click()
    sure = page.locator("button.sure")
    colours = "(it) => [getComputedStyle(it).color, getComputedStyle(it).backgroundColor]"
    assert len(set(sure.evaluate(colours))) == 2
    page.get_by_role("button", name="Delete root: sure?").click()
    expect(page.get_by_role("alert")).to_contain_text("admin")
