"""Each command against a service that has what the API promises."""

import json

import pytest

from tests.client.conftest import Command
from tests.support.fake_service import Fake
from tests.support.fake_task import text
from tests.support.processes import until


def test_the_live_text_of_a_host_is_iostats_to_the_byte(hoststat: Command, fake: Fake) -> None:
    said = hoststat("iostat", "web-1", "1", "3")
    (task,) = fake.tasks.values()
    assert said == (0, task.text, "")
    method, path, given = fake.asked[0]
    assert (method, path) == ("POST", "/v3/iostat/")
    assert given == {"host": "web-1", "count": "3", "wait": "1", "start_within": "30"}


def test_one_report_has_no_interval(hoststat: Command, fake: Fake) -> None:
    assert hoststat("iostat", "web-1", "5", "1").code == 0
    assert fake.asked[0][2] == {"host": "web-1", "count": "1", "start_within": "30"}


def test_without_the_since_boot_report_there_are_as_many_as_asked_for(hoststat: Command) -> None:
    said = hoststat("iostat", "-y", "web-1", "1", "2")
    heading = text(0, 3).partition("Device")[0]
    assert said == (0, heading + text(1, 3).lstrip("\n") + text(2, 3), "")


def test_each_report_can_bear_its_time(hoststat: Command) -> None:
    said = hoststat("iostat", "-t", "web-1", "1", "2", TZ="UTC")
    stamped = [it.replace("Device", "2026-11-22T10:00:00+0000\nDevice", 1) for it in _two()]
    assert said == (0, "".join(stamped), "")


def _two() -> list[str]:
    return [text(0, 2), text(1, 2)]


def test_several_hosts_are_blocks_below_their_names(hoststat: Command, fake: Fake) -> None:
    said = hoststat("iostat", "web-1", "web-2", "1", "2")
    blocks = [f"==> {host} <==\n{it}" for host in ("web-1", "web-2") for it in _two()]
    assert said == (0, "".join(blocks), "")
    body = {"hosts": ["web-1", "web-2"], "count": 2, "wait": 1, "start_within": 30}
    assert fake.asked[0] == ("POST", "/v3/group/", body)


def test_json_is_a_line_for_each_report(hoststat: Command) -> None:
    said = hoststat("iostat", "--json", "web-1", "1", "2")
    lines = [json.loads(line) for line in said.out.splitlines()]
    at, devices = "2026-11-22T10:00:00Z", [{"device": "vda", "tps": 32.47, "kB_read/s": 755.5}]
    assert lines == [
        {"host": "web-1", "index": 0, "at": at, "since_boot": True, "devices": devices},
        {"host": "web-1", "index": 1, "at": at, "since_boot": False, "devices": devices},
    ]


def test_csv_is_a_row_for_each_device_and_report(hoststat: Command) -> None:
    said = hoststat("iostat", "--csv", "-y", "web-1", "web-2", "1", "1")
    assert said.out == (
        "host,index,at,since_boot,device,tps,kB_read/s\n"
        "web-1,1,2026-11-22T10:00:00Z,false,vda,32.47,755.5\n"
        "web-2,1,2026-11-22T10:00:00Z,false,vda,32.47,755.5\n"
    )


def test_a_detached_window_is_picked_up_by_its_id(hoststat: Command, fake: Fake) -> None:
    said = hoststat("iostat", "web-1", "1", "3", "--detach")
    ((task_id, task),) = fake.tasks.items()
    assert said == (0, f"{task_id}\n", "")
    assert hoststat("watch", task_id) == (0, task.text, "")


def test_a_detached_group_is_picked_up_by_its_id(hoststat: Command, fake: Fake) -> None:
    group_id = hoststat("iostat", "web-1", "web-2", "--detach").out.strip()
    watched = hoststat("watch", group_id, "--json")
    assert [json.loads(it)["host"] for it in watched.out.splitlines()] == ["web-1", "web-2"]


def test_a_host_that_has_not_begun_in_time_is_named(hoststat: Command, fake: Fake) -> None:
    fake.gives_up = True
    said = hoststat("iostat", "web-*", "1", "2", "--json")
    why = "web-3 did not begin it within 30 s; it was last seen 3 days ago."
    assert (said.code, said.err) == (3, f"hoststat: {why}\n")
    assert [json.loads(it)["host"] for it in said.out.splitlines()] == [
        *("web-1", "web-1", "web-2", "web-2")
    ]
    alone = hoststat("iostat", "web-3", "1", "2")
    assert alone == (3, "", f"hoststat: {why}\n")


def test_what_has_not_begun_when_the_command_leaves_is_cancelled(
    hoststat: Command, fake: Fake
) -> None:
    said = hoststat("uptime", "web-*")
    lines = [it for it in said.err.splitlines() if "web-3" in it]
    assert lines[0].startswith("hoststat: web-3 is offline, last seen ")
    assert lines[1] == "hoststat: web-3 did not begin it within 5 s."
    assert said.code == 3
    assert said.out == "web-1  10:00:00 up web-1\nweb-2  10:00:00 up web-2\n"
    assert [it.state for it in fake.groups.popitem()[1]] == ["SUCCESS", "SUCCESS", "REVOKED"]


def test_uptime_of_the_service_a_host_and_several(hoststat: Command, fake: Fake) -> None:
    assert hoststat("uptime") == (0, "10:00:00 up here\n", "")
    assert hoststat("uptime", "web-1") == (0, "10:00:00 up web-1\n", "")
    lines = "web-1  10:00:00 up web-1\nweb-2  10:00:00 up web-2\n"
    assert hoststat("uptime", "web-1", "web-2") == (0, lines, "")
    fake.hosts["db"] = True
    aligned = "db     10:00:00 up db\nweb-1  10:00:00 up web-1\n"
    assert hoststat("uptime", "web-1", "d*") == (0, aligned, "")
    found = json.loads(hoststat("uptime", "web-1", "--json").out)
    assert found == {"host": "web-1", "uptime": "10:00:00 up web-1", "seconds": 1.0}


def test_a_host_that_gives_no_uptime_is_exit_code_3(hoststat: Command, url: str) -> None:
    said = f"hoststat: web-3 did not answer; it was last seen 3 days ago. ({url})\n"
    assert hoststat("uptime", "web-3") == (3, "", said)


def test_an_unknown_host_is_wrong_usage(hoststat: Command, url: str) -> None:
    said = f"hoststat: There is no host db-9. `hoststat hosts` lists the hosts. ({url})\n"
    assert hoststat("iostat", "db-9", "1", "2") == (2, "", said)


def test_hosts_are_listed_added_and_removed(hoststat: Command, fake: Fake) -> None:
    lines = hoststat("hosts").out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "SEEN", "UPTIME", "LOAD", "SOURCE", "VERSION"]
    assert lines[1].split()[:2] == ["web-1", "online"]
    assert lines[1].endswith("14 days, 7:33  0.10 0.20 0.30  iostat  0.2.0")
    assert lines[3].endswith("iostat  0.1.0 (old)")
    listed = json.loads(hoststat("hosts", "--json").out)["hosts"]
    assert [it["host"] for it in listed] == ["web-1", "web-2", "web-3"]
    assert hoststat("hosts", "add", "db-1") == (0, "db-1 is a host now\n", "")
    assert hoststat("hosts", "add", "db-1") == (0, "db-1 is a host already\n", "")
    assert hoststat("hosts", "remove", "web-3") == (0, "web-3 is removed\n", "")
    assert sorted(fake.hosts) == ["db-1", "web-1", "web-2"]


def test_tasks_are_listed_shown_and_cancelled(hoststat: Command, fake: Fake) -> None:
    fake.at_once = False
    task_id = hoststat("iostat", "web-1", "2", "30", "--detach").out.strip()
    heading, row = hoststat("tasks").out.splitlines()
    assert heading.split() == ["ID", "STATE", "AGE", "HOST", "COUNT", "WAIT", "OWNER", "GROUP"]
    assert row.split()[:2] == [task_id, "QUEUED"]
    assert row.split()[-5:] == ["web-1", "30", "2", "root", "-"]
    assert json.loads(hoststat("tasks", "--json").out)["tasks"][0]["task_id"] == task_id
    fake.measure(2)
    shown = hoststat("show", task_id)
    assert "window       30 reports, 2 s apart\n" in shown.out
    assert shown.out.endswith(f"\n\n{text(0, 30)}{text(1, 30)}")
    assert hoststat("cancel", task_id) == (0, f"{task_id} REVOKED\n", "")
    revoked = hoststat("show", task_id, "--json")
    assert (revoked.code, json.loads(revoked.out)["state"]) == (1, "REVOKED")
    again = f"{task_id} REVOKED (it was cancelled before)\n"
    assert hoststat("cancel", task_id) == (0, again, "")


def test_the_tasks_of_a_group_are_listed_with_its_id(hoststat: Command) -> None:
    group_id = hoststat("iostat", "web-1", "web-2", "--detach").out.strip()
    rows = [it.split() for it in hoststat("tasks").out.splitlines()[1:]]
    assert [(row[4], row[-1]) for row in rows] == [("web-1", group_id), ("web-2", group_id)]


def test_quiet_does_not_say_what_was_done(hoststat: Command, fake: Fake, url: str) -> None:
    fake.at_once = False
    task_id = hoststat("iostat", "web-1", "1", "3", "--detach").out.strip()
    login = ("login", url, "--user", "root", "--password-file", "-")
    for words in (
        login,
        ("hosts", "add", "db-1"),
        ("hosts", "remove", "db-1"),
        ("cancel", task_id),
    ):
        assert hoststat(*words, "--quiet", given="secret of root\n") == (0, "", "")


def test_a_name_that_no_host_can_have_is_told_as_it_was_typed(
    hoststat: Command, fake: Fake, url: str
) -> None:
    fake.faults += [(400, {"detail": "host must be the name of a host, not 'bad%20name'."})]
    told = f"hoststat: host must be the name of a host, not 'bad name'. ({url})\n"
    assert hoststat("hosts", "add", "bad name") == (2, "", told)


def test_what_only_admins_may_is_exit_code_1(hoststat: Command, fake: Fake, url: str) -> None:
    fake.faults += [(403, {"detail": "Only admins may change hosts."})]
    said = f"hoststat: Only admins may change hosts. ({url})\n"
    assert hoststat("hosts", "add", "db-1") == (1, "", said)


@pytest.mark.parametrize("quiet", [False, True])
def test_that_no_worker_is_there_is_said_once(hoststat: Command, fake: Fake, quiet: bool) -> None:
    fake.at_once, fake.waiting = False, "No worker has been seen for 2 minutes; tasks wait."
    process = hoststat.start("iostat", "1", "2", *(["--quiet"] if quiet else []))
    assert until(lambda: len(fake.paths("GET")) > 1)
    ((task_id, task),) = fake.tasks.items()
    fake.measure(1)
    fake.measure(1)
    out, err = process.communicate()
    said = f"hoststat: {fake.waiting} `hoststat cancel {task_id}` ends this one.\n"
    assert (process.returncode, out, err) == (0, task.text, "" if quiet else said)


def test_what_cannot_be_cancelled_is_exit_code_1(hoststat: Command, url: str) -> None:
    task_id = hoststat("iostat", "web-1", "--detach").out.strip()
    said = f"hoststat: The task has ended as SUCCESS and cannot be cancelled. ({url})\n"
    assert hoststat("cancel", task_id) == (1, "", said)


@pytest.mark.parametrize("command", ["cancel", "show", "watch"])
def test_an_id_that_cannot_be_one_is_wrong_usage(hoststat: Command, url: str, command: str) -> None:
    told = "hoststat: 'web-1' is not the id of a task: `hoststat tasks` lists them."
    assert hoststat(command, "web-1") == (2, "", f"{told} ({url})\n")


def test_the_address_of_the_page_and_the_health(hoststat: Command, url: str) -> None:
    assert hoststat("open") == (0, f"{url}/page/\n", "")
    assert hoststat("health") == (0, "ok\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_completes(stranger: Command, shell: str) -> None:
    said = stranger("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert f"_HOSTSTAT_COMPLETE={shell}_complete" in said.out


def test_a_shell_completes_the_names_of_commands(stranger: Command) -> None:
    environ = {
        "_HOSTSTAT_COMPLETE": "bash_complete",
        "COMP_WORDS": "hoststat up",
        "COMP_CWORD": "1",
    }
    assert stranger(**environ).out == "plain,uptime\n"


def test_a_shell_completes_the_names_of_hosts(hoststat: Command, fake: Fake) -> None:
    environ = {"_HOSTSTAT_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    said = hoststat(**environ, COMP_WORDS="hoststat iostat web-")
    assert (said.out, said.err) == ("plain,web-1\nplain,web-2\nplain,web-3\n", "")
    assert fake.asked == [("GET", "/v3/hosts/", {"name": "web-*", "limit": "100"})]
    fake.faults += [(503, {"detail": "DynamoDB does not answer."})]
    assert hoststat(**environ, COMP_WORDS="hoststat uptime web-")[1:] == ("\n", "")
