"""A rig with a user and an admin who can log in."""

import pytest

from tests.support.fake_users import LoginRig


@pytest.fixture
def rig() -> LoginRig:
    rig = LoginRig()
    rig.service.make_admin("root", "secret of root")
    rig.service.create({"username": "jluser", "fullname": "J.", "password": "secret of jluser"})
    return rig
