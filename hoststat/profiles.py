"""Which service is asked, and as whom: profiles in TOML files that only their owner can read."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hoststat.errors import LoginNeeded, Usage, reason

#: The file of a checkout, in which ``make service`` writes the profile `local`.
CHECKOUT = ".hoststat"
#: The profile that ``hoststat login`` writes if nobody names another one.
DEFAULT = "default"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Seconds that a credential_command may take: somebody may have to unlock a store of passwords.
_COMMAND_SECONDS = 120


class Profile(NamedTuple):
    """A service and a login, as they are kept."""

    url: str
    user: str = ""
    #: Either the password, or a command that prints it.
    password: str = ""
    credential_command: str = ""
    cacert: str = ""
    #: Whether plain HTTP beyond this machine is allowed.
    insecure_http: bool = False


class Kept(NamedTuple):
    """The profiles of a file, by name, and the name of the one that is used."""

    profiles: dict[str, Profile]
    current: str = ""


def path() -> Path:
    """Give the file of the user's profiles."""
    import click

    return Path(click.get_app_dir("hoststat")) / "profiles.toml"


def checkout(folder: Path) -> Path | None:
    """Give the file of the checkout that `folder` is in, None if it is in none.

    A file that somebody else owns or may change is left alone: it could send us anywhere.
    """
    for above in (folder, *folder.parents):
        found = above / CHECKOUT
        try:
            facts = found.lstat()
        except OSError:
            continue
        if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid() and not _open(facts):
            return found
    return None


def load(file: Path) -> Kept:
    """Read a file of profiles; one that is not there has none. Raises Usage, LoginNeeded."""
    try:
        facts, text = file.stat(), file.read_text()
    except FileNotFoundError:
        return Kept({})
    except (OSError, UnicodeError) as broken:
        raise Usage(f"{file} cannot be read: {reason(broken)}.") from broken
    if _open(facts):
        raise LoginNeeded(f"Others can read {file}, which has passwords: chmod 600 {file}")
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise Usage(f"{file} cannot be read: {broken}") from broken
    profiles = {name: _profile(it, name, file) for name, it in found.get("profiles", {}).items()}
    return Kept(profiles, str(found.get("current", "")))


def save(file: Path, kept: Kept) -> None:
    """Write a file of profiles, whole or not at all, for nobody else to read. Raises OSError."""
    import tempfile

    lines = [f"current = {json.dumps(kept.current)}"] if kept.current else []
    for name, profile in kept.profiles.items():
        lines += ["", f"[profiles.{json.dumps(name)}]"]
        lines += [f"{key} = {_toml(it)}" for key, it in profile._asdict().items() if it]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file of mkstemp is its owner's alone.
    descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    try:
        with open(descriptor, "w", encoding="utf-8") as new:
            new.write("\n".join(lines).lstrip("\n") + "\n")
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise


def choose(named: str, environ: Mapping[str, str], folder: Path) -> Profile:
    """Give the profile that holds: the one that is `named`, or that of the environment, else the
    user's own, else that of the checkout which `folder` is in.

    The password of a profile goes to its own service, and only with its own user. Raises Usage,
    LoginNeeded.
    """
    own, found = load(path()), checkout(folder)
    here = load(found) if found else Kept({})
    url, user = environ.get("HOSTSTAT_URL", "").rstrip("/"), environ.get("HOSTSTAT_USER", "")
    if named:
        profile = own.profiles.get(named) or here.profiles.get(named)
        if profile is None:
            known = ", ".join(sorted({*own.profiles, *here.profiles})) or "none yet"
            raise LoginNeeded(
                f"There is no profile {named} (there are: {known}): "
                f"`hoststat --profile {named} login URL` makes it."
            )
    elif url:
        everywhere = [*own.profiles.values(), *here.profiles.values()]
        same = [it for it in everywhere if it.url == url and user in ("", it.user)]
        profile = same[0] if same else Profile(url)
    else:
        profile = own.profiles.get(own.current) or here.profiles.get(here.current)
        if profile is None:
            raise LoginNeeded("No service is chosen: `hoststat login URL` logs in to one.")
    if user and user != profile.user:
        return profile._replace(user=user, password="", credential_command="")
    return profile


def check_url(profile: Profile) -> None:
    """Raise Usage for a URL that cannot be one, and for plain HTTP beyond this machine."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(profile.url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise Usage(f"{profile.url} is not the URL of a service, such as https://HOST/api.")
    if parts.scheme == "http" and host not in _LOOPBACK and not profile.insecure_http:
        raise Usage(
            f"{profile.url} would send passwords unencrypted: use https, or --insecure-http."
        )


def password_of(profile: Profile) -> str:
    """Give the password that is kept with a profile or that its command prints, "" without one.

    Raises LoginNeeded.
    """
    if not profile.credential_command:
        return profile.password
    import shlex
    import subprocess

    try:
        said = subprocess.run(
            shlex.split(profile.credential_command),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=_COMMAND_SECONDS,
        ).stdout
    except OSError as broken:
        why = f"{broken.filename}: {reason(broken)}"
        raise LoginNeeded(f"The profile's credential_command cannot start: {why}.") from broken
    except (ValueError, subprocess.SubprocessError) as broken:
        raise LoginNeeded(f"The profile's credential_command failed: {broken}") from broken
    return said.partition("\n")[0].rstrip("\r")


def _profile(found: Any, name: str, file: Path) -> Profile:
    known = {key: it for key, it in found.items() if key in Profile._fields}
    if not isinstance(known.get("url"), str):
        raise Usage(f"The profile {name} in {file} has no url.")
    if file.name == CHECKOUT:
        # A checkout may come from anywhere, and must not start commands.
        known.pop("credential_command", None)
    return Profile(**known)


def _open(facts: os.stat_result) -> bool:
    """Tell whether a file can be read or written by others."""
    return bool(facts.st_mode & 0o077)


def _toml(value: str | bool) -> str:
    # A string of JSON in ASCII is one of TOML, too.
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)
