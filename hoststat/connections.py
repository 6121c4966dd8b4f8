"""Connections to a service: by TLS, by a proxy, and the sentences for those that fail."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from hoststat.errors import Usage


def pool(url: str, cacert: str) -> Any:
    """Give the connections to a service, by way of a proxy if the environment names one.

    `cacert` is the file of the certificates that are trusted, "" for the system's. Raises Usage for
    a proxy that cannot be used.
    """
    import urllib3

    trusted: dict[str, Any] = {}
    if url.startswith("https:"):
        import ssl

        trusted["ssl_context"] = ssl.create_default_context(cafile=cacert or None)
    proxy = _proxy(url)
    if not proxy:
        return urllib3.PoolManager(**trusted)
    try:
        return urllib3.ProxyManager(proxy, **trusted)
    except urllib3.exceptions.LocationValueError as bad:
        # What it says is not quoted: it may have a password.
        name = f"{urlsplit(url).scheme.upper()}_PROXY"
        raise Usage(f"{name} must be the URL of a proxy, with http or https.") from bad


def _proxy(url: str) -> str | None:
    """Give the proxy for a URL, None for no proxy."""
    set_here = any(name.lower().endswith("_proxy") for name in os.environ)
    if not set_here and sys.platform not in ("darwin", "win32"):
        return None
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(urlsplit(url).hostname or ""):
        return None
    found = getproxies().get(urlsplit(url).scheme)
    # As curl takes it, which needs no scheme.
    return f"http://{found}" if found and "://" not in found else found


def untrusted(url: str, broken: Exception) -> str:
    """Give the sentence about a certificate that is not trusted."""
    return f"The certificate of {url} is not trusted; --cacert FILE names others. ({broken})"


def refused(url: str, user: str, file: str) -> str:
    """Give the sentence about a login that is refused.

    Its password is in `file`: "-" is standard input, "" for a profile or a person.
    """
    said = f"{url} refuses the login of {user}"
    if not file:
        return f"{said}: log in again with `hoststat login {url}`."
    place = "on standard input" if file == "-" else f"in {file}"
    return f"{said} with the password {place}: give the right one there."


def unreachable(url: str, broken: Exception) -> str:
    """Give the sentence about a service that cannot be reached."""
    name = type(broken).__name__
    said = {
        "NewConnectionError": "nobody listens there; is it running, and is the URL right?",
        "NameResolutionError": "its name is not known; is the URL right?",
        "ConnectTimeoutError": "it does not answer; is there a firewall or a proxy?",
        "ReadTimeoutError": "it does not answer in time.",
        "ProxyError": "the proxy does not answer; HTTPS_PROXY and NO_PROXY choose it.",
    }
    return f"{url} cannot be reached: {said.get(name, 'the connection broke off.')}"
