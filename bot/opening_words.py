"""Opening hours in words, French or English: « du lundi au vendredi, de 9 h à 12 h et de 14 h à 17 h ». Pure.

Lines are for reading, one below the other; a sentence is to be said, within another. Spaces in a time are no-break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.opening_calendar import Calendar, Day, Range

_NOTICE_DAYS = 14
_WHOLE_DAY = (Range(0, 24 * 60),)
_LONGEST_LIST = 2


@dataclass(frozen=True, slots=True)
class _Words:
    """What differs between languages besides the order of words."""

    days: tuple[str, ...]
    months: tuple[str, ...]
    conjunction: str
    on: str  # {day}
    from_to: str  # {first}, {last}
    hours: str  # {start}, {end}
    every_day: str
    all_day: str
    holidays: str
    closed: str
    never: str
    special: str  # {days}, {hours}
    day: str  # {weekday}, {number}, {month}
    today: str
    tomorrow: str
    at: str  # {day}, {time}


_FRENCH = _Words(
    days=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
    conjunction="et",
    on="le {day}",
    from_to="du {first} au {last}",
    hours="de {start} à {end}",
    every_day="tous les jours",
    all_day="24 heures sur 24",
    holidays="fermé les jours fériés",
    closed="fermé",
    never="fermé jusqu’à nouvel ordre",
    special="exceptionnellement, {days} : {hours}",
    day="{weekday} {number} {month}",
    today="aujourd’hui",
    tomorrow="demain",
    at="{day} à {time}",
)
_ENGLISH = _Words(
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=tuple("January February March April May June July August September October November December".split()),
    conjunction="and",
    on="{day}",
    from_to="{first} to {last}",
    hours="{start} to {end}",
    every_day="every day",
    all_day="24 hours a day",
    holidays="closed on public holidays",
    closed="closed",
    never="closed until further notice",
    special="exceptionally, {days}: {hours}",
    day="{weekday} {number} {month}",
    today="today",
    tomorrow="tomorrow",
    at="{day} at {time}",
)


def lines(calendar: Calendar, language: str = "fr", now: datetime | None = None) -> tuple[str, ...]:
    """The week, a line for each group of days with the same hours; then holidays and, with `now`, what is exceptional
    in the coming fortnight."""
    words = _words(language)
    found = _groups(calendar, words) or [words.never]
    if calendar.observes_holidays:
        found.append(words.holidays)
    if now is not None:
        found += _exceptions(calendar, words, now.astimezone(calendar.zone).date())
    return tuple(line[:1].upper() + line[1:] for line in found)


def sentence(calendar: Calendar, language: str = "fr") -> str:
    """The week in half a sentence; empty when it has no hours."""
    words = _words(language)
    return f", {words.conjunction} ".join(_groups(calendar, words))


def moment(then: datetime, now: datetime, language: str = "fr") -> str:
    """A time to come, as people say it: "aujourd’hui à 14 h", "demain à 9 h", "lundi 30 novembre à 9 h"."""
    words = _words(language)
    day, today = then.date(), now.astimezone(then.tzinfo).date()
    named = {today: words.today, today + timedelta(days=1): words.tomorrow}.get(day) or _date(day, words)
    return words.at.format(day=named, time=_time(then.hour * 60 + then.minute, words))


def _words(language: str) -> _Words:
    return _ENGLISH if language.casefold().startswith("en") else _FRENCH


def _groups(calendar: Calendar, words: _Words) -> list[str]:
    by_hours: dict[Day, list[int]] = {}
    for number, day in enumerate(calendar.week):
        if day:
            by_hours.setdefault(day, []).append(number)
    return [f"{_days(numbers, words)}, {_day(day, words)}" for day, numbers in by_hours.items()]


def _days(numbers: Sequence[int], words: _Words) -> str:
    """0 to 6 in words; three days in a row and more as from … to."""
    if len(numbers) == len(words.days):
        return words.every_day
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        if len(run) > _LONGEST_LIST:
            parts.append(words.from_to.format(first=words.days[run[0]], last=words.days[run[-1]]))
        else:
            parts += [words.on.format(day=words.days[number]) for number in run]
    return _listed(parts, words)


def _day(day: Day, words: _Words) -> str:
    if not day:
        return words.closed
    if day == _WHOLE_DAY:
        return words.all_day
    return _listed([words.hours.format(start=_time(one.start, words), end=_time(one.end, words)) for one in day], words)


def _listed(parts: Sequence[str], words: _Words) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {words.conjunction} {parts[-1]}"


def _time(minutes: int, words: _Words) -> str:
    hour, minute = divmod(minutes, 60)
    if words is _FRENCH:
        return "minuit" if minutes in (0, 24 * 60) else f"{hour}\u00a0h" + (f"\u00a0{minute:02}" if minute else "")
    if minutes % (12 * 60) == 0:
        return "midday" if minutes == 12 * 60 else "midnight"
    return f"{(hour - 1) % 12 + 1}" + (f":{minute:02}" if minute else "") + ("am" if hour < 12 else "pm")


def _date(day: date, words: _Words) -> str:
    number = "1er" if day.day == 1 and words is _FRENCH else str(day.day)
    return words.day.format(weekday=words.days[day.weekday()], number=number, month=words.months[day.month - 1])


def _exceptions(calendar: Calendar, words: _Words, today: date) -> list[str]:
    """What is exceptional from today on; days in a row with the same hours are one line."""
    runs: list[tuple[date, date, Day]] = []
    for ahead in range(_NOTICE_DAYS):
        day = today + timedelta(days=ahead)
        exception = calendar.exception(day)
        if exception is None:
            continue
        if runs and runs[-1][2] == exception.hours and runs[-1][1] == day - timedelta(days=1):
            runs[-1] = (runs[-1][0], day, exception.hours)
        else:
            runs.append((day, day, exception.hours))
    return [_exception(first, last, hours, words) for first, last, hours in runs]


def _exception(first: date, last: date, hours: Day, words: _Words) -> str:
    days = _date(first, words)
    if last != first:
        days = words.from_to.format(first=days, last=_date(last, words))
    return words.special.format(days=days, hours=_day(hours, words))
