"""Groups of three hosts, for the tests."""

from typing import Any

from chalicelib.measure.model import Window
from chalicelib.tasks.group import Asked, GroupLook
from chalicelib.tasks.model import What
from tests.support.rig import Rig

HOSTS = ["db-1", "web-1", "web-2"]
ALL = GroupLook(detail=True)


def create(rig: Rig, *hosts: str, key: str | None = None, **more: Any) -> str:
    fields: Any = {"what": What.IOSTAT, "window": Window(3, 1), "start_within": 600} | more
    return rig.groups.create(Asked(hosts=hosts or ("*",), **fields), owner="jluser", key=key)


def work(rig: Rig, *names: str) -> None:
    """Let the workers of these hosts deal with their hints."""
    for name in names:
        for task_id in [it for it in rig.dispatcher.sent if it.startswith(f"{name}~")]:
            rig.dispatcher.sent.remove(task_id)
            rig.worker_of(name).work(task_id)
