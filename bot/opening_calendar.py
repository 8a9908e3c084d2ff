"""The calendar of one team: a week of opening hours, public holidays, exceptions. Pure.

Hours are written in wall-clock time and compared in UTC, so that a change of clocks neither opens an hour early nor
leaves anybody waiting: 9 h is 9 h on both sides. Hours that meet (… - 24 h, then 0 h - … the next day) are one
opening. No clock is read here: `now` comes in, with its zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HORIZON_DAYS = 400
"""How far ahead an opening is looked for: a year, and the longest closing around its end."""

_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Minutes since midnight on the wall clock, the end not included; 24 h is 1440."""

    start: int
    end: int


Day = tuple[Range, ...]
CLOSED: Day = ()


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Days that are not as their week day: `first` to `last`, both included; without a year (`yearly`) every year.

    A yearly one keeps its days in the leap year 2000, and may go over the new year (24 December to 2 January).
    """

    first: date
    last: date
    hours: Day
    yearly: bool = False

    def covers(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        same = day.replace(year=2000)
        if self.first <= self.last:
            return self.first <= same <= self.last
        return same >= self.first or same <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of one team. `week` begins on Monday. Of two exceptions for a day the dated one counts, then the last.

    An exception counts before a public holiday: whoever opens on 8 May says so.
    """

    week: tuple[Day, Day, Day, Day, Day, Day, Day]
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Paris"))
    exceptions: tuple[Exceptional, ...] = ()
    is_holiday: Callable[[date], bool] = lambda day: False
    observes_holidays: bool = False

    def exception(self, day: date) -> Exceptional | None:
        """The exception that counts on that day."""
        found = [one for one in self.exceptions if one.covers(day)]
        return next((one for one in reversed(found) if not one.yearly), found[-1] if found else None)

    def hours(self, day: date) -> Day:
        """The hours of that day, everything considered."""
        if (exception := self.exception(day)) is not None:
            return exception.hours
        return CLOSED if self.is_holiday(day) else self.week[day.weekday()]

    def openings(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The openings that end after `now`, in UTC, up to the horizon; those that meet are one."""
        today = now.astimezone(self.zone).date()
        open_since: datetime | None = None
        until = now
        for ahead in range(-1, HORIZON_DAYS):
            day = today + timedelta(days=ahead)
            for one in self.hours(day):
                start, end = self._at(day, one.start, fold=0), self._at(day, one.end, fold=1)
                if open_since is not None and start <= until:
                    until = max(until, end)
                    continue
                if open_since is not None and until > now:
                    yield open_since, until
                open_since, until = start, end
        if open_since is not None and until > now:
            yield open_since, until

    def present(self, now: datetime) -> datetime | None:
        """When the opening that is on will end; None while closed."""
        start, end = next(self.openings(now), (None, None))
        return end if start is not None and start <= now else None

    def _at(self, day: date, minutes: int, *, fold: int) -> datetime:
        """UTC of a wall-clock time. What the clocks skip in spring is an hour later; in autumn `fold` chooses."""
        days, minutes = divmod(minutes, _MINUTES_A_DAY)
        wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60) + timedelta(days=days)
        first = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        skipped = first.astimezone(self.zone).replace(tzinfo=None) != wall
        return first if skipped or not fold else wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
