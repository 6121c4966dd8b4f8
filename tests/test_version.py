"""The version: one place says it, and the changelog knows it."""

import re

from chalicelib.version import VERSION
from local import stage


def test_the_changelog_begins_with_this_version() -> None:
    text = (stage.PROJECT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == VERSION
