"""How long whoever tries passwords must wait: per account soon and firmly, per address late and softly.

Five tries are free. Then each failure doubles the wait, up to five minutes: some 300 tries a day against a password of
twelve characters. Whoever keeps failing on purpose must not keep the person out: an address from which the person has
signed in counts for itself. An address is slowed only after thirty failures, and by seconds, because a whole town hall
may stand behind one. Unknown names are counted like known ones, so that the wait does not tell which exist. Counts are
kept in memory, by a digest of the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

FORGOTTEN_AFTER_SECONDS = 3600.0
_KEPT_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` failures cost nothing, the next one `first_seconds`, each one after it twice as much up to the most."""

    free: int
    first_seconds: float
    most_seconds: float

    def wait_after(self, failures: int) -> float:
        beyond = failures - self.free
        return 0.0 if beyond < 0 else min(self.first_seconds * 2 ** min(beyond, 30), self.most_seconds)


ACCOUNT = Rule(free=5, first_seconds=10.0, most_seconds=300.0)
ADDRESS = Rule(free=30, first_seconds=1.0, most_seconds=15.0)


@dataclass(slots=True)
class _Tries:
    failures: int
    last_at: float


class Throttle:
    """Counts failures. `now` comes in; nothing here waits."""

    def __init__(self) -> None:
        self._tries: dict[str, _Tries] = {}
        self._usual: dict[str, None] = {}  # name and address of who has signed in, the latest last

    def wait_seconds(self, login: str, address: str, now: float) -> float:
        """How long to wait before the next try; 0 when it may be made."""
        waits = [0.0]
        for key, rule in self._keys(login, address):
            tries = self._tries.get(key)
            if tries is not None and now - tries.last_at < FORGOTTEN_AFTER_SECONDS:
                waits.append(tries.last_at + rule.wait_after(tries.failures) - now)
        return max(waits)

    def begin(self, login: str, address: str, now: float) -> None:
        """Counts a try as failed before its outcome is known, so that tries made at the same time all count."""
        for key, _ in self._keys(login, address):
            tries = self._tries.pop(key, None)
            old = tries is None or now - tries.last_at >= FORGOTTEN_AFTER_SECONDS
            self._tries[key] = _Tries(1 if old or tries is None else tries.failures + 1, now)
        while len(self._tries) > _KEPT_AT_MOST:  # the oldest first: insertion order is the order of the last try
            del self._tries[next(iter(self._tries))]

    def take_back(self, login: str, address: str) -> None:
        """The try that was begun was no failure; earlier ones still count."""
        for key, _ in self._keys(login, address):
            if key in self._tries:
                self._tries[key].failures -= 1

    def succeeded(self, login: str, address: str) -> None:
        """The person is in: their account's failures are forgotten, the address's earlier ones are not."""
        self.take_back(login, address)
        self._tries.pop(self._keys(login, address)[0][0], None)
        usual = _usual(login, address)
        self._usual.pop(usual, None)
        self._usual[usual] = None
        while len(self._usual) > _KEPT_AT_MOST:
            del self._usual[next(iter(self._usual))]

    def _keys(self, login: str, address: str) -> list[tuple[str, Rule]]:
        usual = _usual(login, address)
        account = usual if usual in self._usual else f"account {_digest(login)}"
        return [(account, ACCOUNT), *([(f"address {address}", ADDRESS)] if address else [])]


def _usual(login: str, address: str) -> str:
    return f"account {_digest(login)} at {address}"


def _digest(login: str) -> str:
    return sha256(login.encode("utf-8", "replace")).hexdigest()
