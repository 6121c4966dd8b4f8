"""The version: the service, its command and the changelog say the same."""

import re

import hoststat
from chalicelib.version import VERSION
from local import stage


def test_the_changelog_begins_with_this_version() -> None:
    text = (stage.PROJECT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == VERSION


def test_the_command_has_the_version_of_the_service() -> None:
    # It imports nothing of the service, so it says its version by itself.
    assert hoststat.__version__ == VERSION
