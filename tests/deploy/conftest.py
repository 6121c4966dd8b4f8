"""The two templates, as CloudFormation gets them."""

import json
from pathlib import Path
from typing import Any

import pytest

from local import stage


@pytest.fixture(scope="session")
def template(dist: Path) -> Any:
    return json.loads((dist / "sam.json").read_text())


@pytest.fixture(scope="session")
def parts(template: Any) -> Any:
    """Give the properties of each resource."""
    return {name: it.get("Properties", {}) for name, it in template["Resources"].items()}


@pytest.fixture(scope="session")
def data() -> Any:
    return json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """Give the settings of the stage prod."""
    found: dict[str, str] = stage.all_stages()["prod"]["environment_variables"]
    return found
