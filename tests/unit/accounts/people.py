"""Accounts on a real SQLite store, with a clock that the test moves and hashes that take a millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.accounts.passwords import Hasher
from bot.accounts.service import Accounts
from bot.accounts.sessions import Sessions
from bot.audit import Audit
from bot.settings import AccountsSettings
from bot.store import Store

PASSWORD = "cheval bleu sous la pluie"
OTHER_PASSWORD = "quatre tasses sur le mur"
# Cheap, and made with the same parameters as the hasher's.
CHEAP: dict[str, int] = {"time_cost": 1, "memory_kib": 8, "lanes": 1}


class Clock:
    """The time of day, and seconds that never go back."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def seconds(self) -> float:
        return self.time.timestamp()

    def pass_time(self, **duration: float) -> None:
        self.time += timedelta(**duration)


def cheap_hasher() -> Hasher:
    return Hasher(**CHEAP, nobodys=Hasher(**CHEAP).digest("nobody's"))


def make_accounts(store: Store, clock: Clock, **settings: Any) -> Accounts:
    sessions = Sessions(store, idle=timedelta(hours=2), absolute=timedelta(hours=12), now=clock)
    return Accounts(
        store,
        Audit(store),
        sessions,
        AccountsSettings(**settings),
        now=clock,
        clock=clock.seconds,
        hasher=cheap_hasher(),
    )
