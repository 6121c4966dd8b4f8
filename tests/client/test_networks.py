"""Networks that fail: what is tried again, what is not, and what people are told."""

import json
import re

import pytest

from tests.client.conftest import Command
from tests.support import cutting
from tests.support.fake_service import Fake
from tests.support.processes import free_port, until

CUT = None


def test_a_create_whose_answer_is_lost_makes_no_second_window(
    hoststat: Command, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, lost = fake.answer, list[str]()

    def losing(method: str, path: str, given: dict[str, object], key: str) -> object:
        said = answer(method, path, given, key)
        if method == "POST" and not lost:
            lost.append(path)
            return 502, {"message": "Bad gateway"}
        return said

    monkeypatch.setattr(fake, "answer", losing)
    said = hoststat("iostat", "web-1", "1", "3")
    (task,) = fake.tasks.values()
    assert said == (0, task.text, "")
    assert fake.paths("POST") == ["/v3/iostat/"] * 2


@pytest.mark.parametrize(
    "faults",
    [
        [CUT, CUT],
        [(503, {"detail": "DynamoDB does not answer."})],
        [(429, {"message": "Too Many Requests"})],
        [(500, {"detail": "Something went wrong."})],
        [(409, {"detail": "Another request with this key is on its way."})],
    ],
)
def test_what_may_pass_is_tried_again(hoststat: Command, fake: Fake, faults: list[object]) -> None:
    fake.faults += faults  # type: ignore[arg-type]
    assert hoststat("iostat", "web-1", "1", "3").code == 0
    assert len(fake.tasks) == 1


def test_a_user_whose_add_was_answered_to_nobody_is_there(
    hoststat: Command, fake: Fake, url: str
) -> None:
    fake.faults += [CUT, (409, {"detail": "The username 'jl' is taken."})]
    fullname = ["--fullname", "jl", "--admin", "--new-password-file", "-"]
    said = hoststat("users", "add", "jl", *fullname, given="secret of jl\n")
    assert said == (0, "jl is a user now\n", "")
    fake.faults += [(409, {"detail": "The username 'jl' is taken."})]
    said = hoststat("users", "add", "jl", *fullname, given="secret of jl\n")
    assert said == (1, "", f"hoststat: The username 'jl' is taken. ({url})\n")


def test_with_every_third_connection_cut_no_report_is_lost_or_doubled(
    hoststat: Command, fake: Fake, url: str
) -> None:
    fake.at_once = False
    with cutting.proxy(url) as proxy:
        hoststat.log_in(proxy)
        process = hoststat.start("iostat", "web-1", "1", "12")
        for number in range(12):
            assert until(lambda: fake.tasks)
            fake.measure(1)
            assert process.stdout is not None
            while "vda" not in process.stdout.readline():
                pass
            assert number < 12
        rest, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "vda" not in rest


@pytest.mark.parametrize(("hosts", "latency"), [(20, 0.0), (50, 0.3)])
def test_a_window_over_many_hosts_takes_few_requests(
    hoststat: Command, fake: Fake, hosts: int, latency: float
) -> None:
    fake.at_once, fake.hosts = False, {f"web-{number:02}": True for number in range(hosts)}
    fake.hosts["web-dead"], fake.gives_up, fake.latency = False, True, latency
    process = hoststat.start("iostat", "web-*", "1", "10", "--json")
    assert until(lambda: fake.groups)
    assert process.stdout is not None
    seen = []
    for _ in range(10):
        fake.measure(1)
        seen += [json.loads(process.stdout.readline()) for _ in range(hosts)]
    why = "web-dead did not begin it within 30 s; it was last seen 3 days ago."
    assert process.communicate() == ("", f"hoststat: {why}\n")
    assert process.returncode == 3
    del fake.hosts["web-dead"]
    for host in fake.hosts:
        assert [it["index"] for it in seen if it["host"] == host] == list(range(10))
    assert len(fake.asked) <= 25


def test_a_service_that_nobody_runs_is_exit_code_5(stranger: Command) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = stranger("uptime", HOSTSTAT_URL=url)
    told = f"hoststat: {url} cannot be reached: nobody listens there; is it running, and is the"
    assert said == (5, "", f"{told} URL right?\n")


def test_a_login_that_is_refused_is_exit_code_4(hoststat: Command, url: str) -> None:
    hoststat.log_in(url, ("root", "secret of another"))
    told = f"{url} refuses the login of root: log in again with `hoststat login {url}`."
    assert hoststat("hosts") == (4, "", f"hoststat: {told}\n")


@pytest.mark.parametrize(
    ("file", "place"), [("-", "on standard input"), ("secret.txt", "in secret.txt")]
)
def test_a_password_of_a_file_that_is_refused_is_changed_there(
    hoststat: Command, url: str, file: str, place: str
) -> None:
    (hoststat.folder / "secret.txt").write_text("secret of another\n")
    said = hoststat("--password-file", file, "hosts", given="secret of another\n")
    told = f"{url} refuses the login of root with the password {place}: give the right one there."
    assert said == (4, "", f"hoststat: {told}\n")


def test_verbose_adds_the_id_of_the_request(hoststat: Command, url: str) -> None:
    task_id = "00000000-0000-4000-8000-000000000000"
    for words in (["--verbose", "show", task_id], ["show", task_id, "--verbose"]):
        said = hoststat(*words)
        assert said == (
            2,
            "",
            f"hoststat: There is no task {task_id}. ({url}, request request-1)\n",
        )


def test_a_server_that_is_no_hoststat_is_told(stranger: Command, fake: Fake, url: str) -> None:
    fake.faults += [(200, ["no", "object"])]  # type: ignore[list-item]
    said = stranger("uptime", HOSTSTAT_URL=url)
    assert said == (5, "", f"hoststat: {url} answers, but it is no hoststat.\n")


def test_a_proxy_of_the_environment_is_used(stranger: Command, fake: Fake, url: str) -> None:
    elsewhere = {"HOSTSTAT_URL": "http://hoststat.invalid", "http_proxy": url}
    said = stranger("--insecure-http", "uptime", **elsewhere)
    assert said == (0, "10:00:00 up here\n", "")
    assert re.fullmatch(r"/v2/uptime/?", fake.asked[0][1])
    elsewhere["http_proxy"] = url.removeprefix("http://")
    assert stranger("--insecure-http", "uptime", **elsewhere) == said
    refused = stranger("--insecure-http", "uptime", **elsewhere, no_proxy="hoststat.invalid")
    assert refused.code == 5


@pytest.mark.parametrize("proxy", ["socks5://me:secret@127.0.0.1:1", "http://[::"])
def test_a_proxy_that_cannot_be_used_is_one_sentence(stranger: Command, proxy: str) -> None:
    said = stranger("uptime", HOSTSTAT_URL="https://hoststat.invalid", https_proxy=proxy)
    sentence = "HTTPS_PROXY must be the URL of a proxy, with http or https."
    assert said == (2, "", f"hoststat: {sentence}\n")
