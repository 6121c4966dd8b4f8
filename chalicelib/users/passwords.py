"""Passwords: hashed by argon2id. A right one is remembered for a minute, as a digest."""

import contextlib
import hmac
import secrets
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator

import argon2

from chalicelib import errors
from chalicelib.clock import Clock

#: OWASP's parameters for argon2id. A hash takes about 25 ms of a core and 19 MiB.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1
#: Hashes that one process makes at once, and the most seconds that one waits for its turn.
_AT_ONCE, _PATIENCE = 4, 10


def hasher() -> argon2.PasswordHasher:
    """Give the hasher with the parameters that are used today."""
    return argon2.PasswordHasher(
        memory_cost=_MEMORY_KIB, time_cost=_PASSES, parallelism=_LANES, type=argon2.Type.ID
    )


class Passwords:
    """Hashes passwords and compares them, at most four at once in a process.

    `hash` and `match` raise Outage if their turn does not come within `patience` seconds.
    """

    def __init__(self, hasher: argon2.PasswordHasher, *, patience: float = _PATIENCE) -> None:
        self._hasher, self._patience = hasher, patience
        self._gate = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Give the hash to store: a PHC string with a salt of its own."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def match(self, stored: str | None, password: str) -> bool:
        """Tell whether `password` is that of the `stored` hash.

        For an unknown user `stored` is None. That takes as long, so that nobody can tell which
        users exist.
        """
        if not stored:
            self.hash(password)
            return False
        try:
            with self._turn():
                return self._hasher.verify(stored, _normal(password))
        except argon2.exceptions.VerifyMismatchError:
            return False

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._gate.acquire(timeout=self._patience):
            raise errors.Outage("Too many passwords are being checked at once; try again.")
        try:
            yield
        finally:
            self._gate.release()


class RecentLogins:
    """Remembers which passwords were right within the last minute, to hash them less often.

    An entry belongs to a source and to a stored hash, so it does not count after the password has
    changed. It has a keyed digest of the password, never the password, and is only in memory.
    """

    #: The most entries, and the seconds that one counts.
    MOST, SECONDS = 256, 60

    def __init__(self, clock: Clock) -> None:
        self._clock, self._key = clock, secrets.token_bytes(32)
        self._right: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, stored: str, source: str, password: str) -> bool:
        """Tell whether this password was right for this hash and source in the last minute."""
        with self._lock:
            digest, until = self._right.get((stored, source), (b"", 0.0))
        fresh = self._clock.monotonic() < until
        return fresh and hmac.compare_digest(digest, self._digest(password))

    def keep(self, stored: str, source: str, password: str) -> None:
        """Remember that the password is right for this hash and source."""
        until = self._clock.monotonic() + self.SECONDS
        with self._lock:
            self._right.pop((stored, source), None)
            self._right[stored, source] = self._digest(password), until
            if len(self._right) > self.MOST:
                self._right.popitem(last=False)

    def forget(self, stored: str, source: str) -> None:
        """Forget the password: the next one for this hash and source must be hashed again."""
        with self._lock:
            self._right.pop((stored, source), None)

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, _normal(password), "sha256")


def _normal(password: str) -> bytes:
    """Give the bytes of a password in one form, however its accents were typed (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode()
