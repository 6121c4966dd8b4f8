"""Where requests come from: what counts as one source."""

import ipaddress


def source_of(address: str) -> str:
    """Give the source of an address: itself, or for IPv6 its /64 network.

    One host may have all addresses of a /64.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # API Gateway's console sends a text that is no address when it tries out a method.
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
