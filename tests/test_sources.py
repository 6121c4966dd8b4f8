"""What counts as one source."""

import pytest

from chalicelib.sources import source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("test-invoke-source-ip", "test-invoke-source-ip"),
        ("192.0.2.1:99", "192.0.2.1:99"),
        ("", ""),
    ],
)
def test_the_source_of_an_ipv6_address_is_its_network(address: str, source: str) -> None:
    assert source_of(address) == source
