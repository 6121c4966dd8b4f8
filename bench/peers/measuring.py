"""What both peers hand to Celery: iostat, run to its end."""

import os
import subprocess

from celery import Celery

queue = Celery("peer", broker=os.environ["BROKER"], backend=os.environ["RESULTS"])
queue.conf.task_track_started = True


@queue.task
def iostat(count: str, wait: str) -> str:
    """The text of a window."""
    return subprocess.check_output(["iostat", "-d", wait, count], text=True)
