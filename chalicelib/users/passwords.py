"""Passwords: hashed by argon2id, and remembered for a moment where they were right."""

import hmac
import secrets
import threading
import unicodedata
from collections import OrderedDict

import argon2

from chalicelib.tasks.ports import Clock

#: OWASP's parameters for argon2id; a hash takes about 25 ms and 19 MiB.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


def hasher() -> argon2.PasswordHasher:
    """The hasher of passwords, by the parameters that hold today."""
    return argon2.PasswordHasher(
        memory_cost=_MEMORY_KIB, time_cost=_PASSES, parallelism=_LANES, type=argon2.Type.ID
    )


class Passwords:
    """What turns passwords into hashes, and compares them."""

    def __init__(self, hasher: argon2.PasswordHasher) -> None:
        self._hasher = hasher

    def hash(self, password: str) -> str:
        """The hash to keep, as a PHC string with a salt of its own."""
        return self._hasher.hash(_normal(password))

    def match(self, stored: str | None, password: str) -> bool:
        """Whether it is the password of a stored hash; None, a stranger's, costs the same."""
        if stored is None:
            self.hash(password)
            return False
        try:
            return self._hasher.verify(stored, _normal(password))
        except argon2.exceptions.VerifyMismatchError:
            return False

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made by other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)


class Memory:
    """Which passwords were right a moment ago, from where: it spares them the hash.

    It is keyed by the stored hash, which changes with the password, and lives and dies with the
    process; of a password it keeps a keyed digest.
    """

    #: Entries, and seconds that one is good for.
    MOST, SECONDS = 256, 60

    def __init__(self, clock: Clock) -> None:
        self._clock, self._key = clock, secrets.token_bytes(32)
        self._right: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, stored: str, source: str, password: str) -> bool:
        """Whether the password was right for that hash, from there, a moment ago."""
        with self._lock:
            digest, until = self._right.get((stored, source), (b"", 0.0))
        fresh = self._clock.monotonic() < until
        return fresh and hmac.compare_digest(digest, self._digest(password))

    def keep(self, stored: str, source: str, password: str) -> None:
        """Remember that the password is right."""
        until = self._clock.monotonic() + self.SECONDS
        with self._lock:
            self._right.pop((stored, source), None)
            self._right[stored, source] = self._digest(password), until
            if len(self._right) > self.MOST:
                self._right.popitem(last=False)

    def forget(self, stored: str, source: str) -> None:
        """Let the next password from there be hashed again, right or wrong."""
        with self._lock:
            self._right.pop((stored, source), None)

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, _normal(password), "sha256")


def _normal(password: str) -> bytes:
    """The password's bytes, however its accents were typed (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode()
