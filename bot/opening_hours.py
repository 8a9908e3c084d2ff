"""When people can be reached, by team: what the desk, the chats and the telephone ask. Pure: `now` comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot import opening_words
from bot.opening_calendar import CLOSED, HORIZON_DAYS, Calendar, Day, Range


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which somebody can be called back. `id` says the same at every offer, and nothing of the person."""

    id: str
    start: datetime
    end: datetime


class OpeningHours(Protocol):
    """What the desk, the chats and the telephone ask. An unknown team has the default calendar."""

    @property
    def zone(self) -> ZoneInfo:
        """Where the service is: in which the times are told to people, whatever zone their machine is in."""
        ...

    def is_open(self, now: datetime, team: str = "") -> bool: ...

    def next_opening(self, now: datetime, team: str = "") -> datetime | None:
        """The next time at which it opens, after `now`; None when there is none to be seen, as when always open."""
        ...

    def closes_at(self, now: datetime, team: str = "") -> datetime | None:
        """When the present opening ends; None while closed, or when it never closes."""
        ...

    def lines(self, language: str = "fr", team: str = "", now: datetime | None = None) -> tuple[str, ...]:
        """The hours in words; with `now`, the exceptions of the coming fortnight too. Empty when no hours are known."""
        ...

    def slots(
        self,
        now: datetime,
        team: str = "",
        count: int = 6,
        minutes: int = 60,
        notice: timedelta = timedelta(minutes=30),
    ) -> tuple[Slot, ...]:
        """The next times for a callback, within opening hours, none earlier than `now + notice`."""
        ...


class Hours:
    """`OpeningHours` from calendars by team; `""` is the default one. Without any: always open, no hours said."""

    def __init__(self, calendars: Mapping[str, Calendar] | None = None) -> None:
        self._calendars = dict(calendars or {})

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams that have hours of their own."""
        return tuple(sorted(name for name in self._calendars if name))

    @property
    def zone(self) -> ZoneInfo:
        """See `OpeningHours`."""
        return (self.calendar() or _OFFICE_DAYS).zone

    def calendar(self, team: str = "") -> Calendar | None:
        """The team's own, or the default; None: always open."""
        return self._calendars.get(team) or self._calendars.get("")

    def is_open(self, now: datetime, team: str = "") -> bool:
        """See `OpeningHours`."""
        calendar = self.calendar(team)
        return calendar is None or calendar.present(now) is not None

    def next_opening(self, now: datetime, team: str = "") -> datetime | None:
        """See `OpeningHours`."""
        calendar = self.calendar(team)
        if calendar is None:
            return None
        start = next((start for start, _ in calendar.openings(now) if start > now), None)
        return None if start is None else start.astimezone(calendar.zone)

    def closes_at(self, now: datetime, team: str = "") -> datetime | None:
        """See `OpeningHours`."""
        calendar = self.calendar(team)
        end = None if calendar is None else calendar.present(now)
        if calendar is None or end is None or end - now > timedelta(days=HORIZON_DAYS - 2):
            return None
        return end.astimezone(calendar.zone)

    def lines(self, language: str = "fr", team: str = "", now: datetime | None = None) -> tuple[str, ...]:
        """See `OpeningHours`."""
        calendar = self.calendar(team)
        return () if calendar is None else opening_words.lines(calendar, language, now)

    def sentence(self, language: str = "fr", team: str = "") -> str:
        """The week in half a sentence, to be said: "du lundi au vendredi, de 9 h à 17 h". Empty when none is known."""
        calendar = self.calendar(team)
        return "" if calendar is None else opening_words.sentence(calendar, language)

    def reopening(self, now: datetime, language: str = "fr", team: str = "") -> str:
        """`next_opening` in words: "demain à 9 h". Empty when there is none."""
        opening = self.next_opening(now, team)
        return "" if opening is None else opening_words.moment(opening, now, language)

    def slots(
        self,
        now: datetime,
        team: str = "",
        count: int = 6,
        minutes: int = 60,
        notice: timedelta = timedelta(minutes=30),
    ) -> tuple[Slot, ...]:
        """See `OpeningHours`. Where no hours are known, on week days from 9 h to 18 h: nobody is rung at night."""
        calendar = self.calendar(team) or _OFFICE_DAYS
        length = timedelta(minutes=minutes)
        found: list[Slot] = []
        for opens, closes in calendar.openings(now):
            steps = max(0, -((opens - now - notice) // length))
            start = opens + steps * length
            while start + length <= closes and len(found) < count:
                end = start + length
                found.append(
                    Slot(
                        f"{start:%Y%m%dT%H%MZ}-{minutes}",
                        start.astimezone(calendar.zone),
                        end.astimezone(calendar.zone),
                    )
                )
                start = end
            if len(found) >= count:
                break
        return tuple(found)


_OFFICE_DAY: Day = (Range(9 * 60, 18 * 60),)
_OFFICE_DAYS = Calendar((_OFFICE_DAY,) * 5 + (CLOSED, CLOSED))
