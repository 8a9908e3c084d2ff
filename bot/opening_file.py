"""The file of opening hours (docs/hours.md), written by a civil servant: read as text with its line numbers.

YAML's own reading of values is not used: it would take `1:30` for a number, `2026-12-24` for a date in one place and a
text in another, and let the second of two Mondays win in silence. What is wrong is named with its line and a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from bot import public_holidays
from bot.errors import BadKnowledge, Misconfigured
from bot.opening_calendar import CLOSED, Calendar, Day, Exceptional, Range
from bot.opening_hours import Hours
from bot.pack import PROJECT_DIR, Pack

PACK_FILE = "data/hours.yml"

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_PLAIN_MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
_ANY_YEAR = 2000  # a leap year
_FIELDS = ("fuseau", "jours fériés", "semaine", "exceptions")
_TIME = re.compile(r"(?P<hour>\d{1,2})\s*(?:h|:|heures?)\s*(?P<minute>\d{2})?", re.I)
_BETWEEN = re.compile(r"\s*[-–—]\s*|\s+[àa]\s+")
_DATE = re.compile(r"(?P<day>\d{1,2})(?:er)?\s+(?P<month>[^\W\d]+)(?:\s+(?P<year>\d{4}))?", re.I)
_SLASHED = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}))?")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_CLOSED = ("fermé", "ferme", "fermée")


@dataclass(frozen=True, slots=True)
class _At:
    """A place in the file."""

    path: Path
    line: int

    def wrong(self, what: str) -> BadKnowledge:
        return BadKnowledge(f"{self.path}, line {self.line}: {what}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """`name: value` of the file; `value` is a text or, for a group, None."""

    at: _At
    name: str
    value: str | None
    group: tuple[_Entry, ...] = ()


def hours_path(chosen: str, pack: Pack) -> Path | None:
    """The file in force: the operator's (`hours.file`), else the pack's own; never another pack's. None: no hours."""
    if chosen:
        return PROJECT_DIR / chosen
    path = pack.root / PACK_FILE
    return path if path.is_file() else None


def load_hours(path: Path | None) -> dict[str, Calendar]:
    """The calendars of a file by team (`""`: the default); none, always open, without a file or with comments only.

    Raises `BadKnowledge`, naming file and line.
    """
    if path is None:
        return {}
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise _At(path, mark.line + 1 if mark else 1).wrong(
            f"this cannot be read as `name: value` lines ({problem}); compare with docs/hours.md."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadKnowledge(f"{path}: cannot be read ({error}).") from None
    if node is None:
        return {}
    entries = _entries(node, path)
    own = tuple(entry for entry in entries if _plain(entry.name) != "equipes")
    calendars = {"": _calendar(own, None, _At(path, 1))}
    for entry in entries:
        if _plain(entry.name) == "equipes":
            for team in _group(entry, "a team a line is needed here, each with its own `semaine:` below it."):
                below = _group(team, "what differs for this team is needed below its name, as `semaine:`.")
                calendars[team.name] = _calendar(below, calendars[""], team.at)
    return calendars


def _entries(node: yaml.Node, path: Path) -> tuple[_Entry, ...]:
    at = _At(path, node.start_mark.line + 1)
    if not isinstance(node, yaml.MappingNode):
        raise at.wrong("`name: value` lines are needed here, as `lundi: 9h-12h`.")
    found: dict[str, _Entry] = {}
    for key, value in node.value:
        at = _At(path, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise at.wrong("a simple name is needed before the colon.")
        name = " ".join(str(key.value).split())
        if _plain(name) in found:
            raise at.wrong(f"{name!r} is there twice (first in line {found[_plain(name)].at.line}); keep one.")
        if isinstance(value, yaml.ScalarNode):
            found[_plain(name)] = _Entry(at, name, str(value.value).strip())
        else:
            found[_plain(name)] = _Entry(at, name, None, _entries(value, path))
    return tuple(found.values())


def _group(entry: _Entry, needed: str) -> tuple[_Entry, ...]:
    if entry.value:
        raise entry.at.wrong(f"{entry.name}: {needed}")
    return entry.group


def _calendar(entries: tuple[_Entry, ...], default: Calendar | None, at: _At) -> Calendar:
    by_name = {_plain(entry.name).replace("_", " "): entry for entry in entries}
    known = {_plain(name): name for name in (*_FIELDS, *(() if default else ("équipes",)))}
    for name, entry in by_name.items():
        if name not in known:
            raise entry.at.wrong(f"there is no {entry.name!r} here; there are {', '.join(known.values())}.")
    base = default or Calendar((CLOSED,) * 7)
    zone, week, exceptions = base.zone, base.week, base.exceptions
    is_holiday, observes = base.is_holiday, base.observes_holidays
    if (written := by_name.get("fuseau")) is not None:
        zone = _zone(written)
    if (written := by_name.get("jours feries")) is not None or default is None:
        is_holiday, observes = _holidays(written)
    if (written := by_name.get("semaine")) is not None:
        week = _week(written)
    elif default is None:
        raise at.wrong("`semaine:` is missing, and below it the hours, as `lundi au vendredi: 9h-12h, 14h-17h`.")
    if (written := by_name.get("exceptions")) is not None:
        own = tuple(_exception(one) for one in _group(written, "a day a line is needed, as `24 décembre: 9h-12h`."))
        exceptions = (*exceptions, *own)
    return Calendar(week, zone, exceptions, is_holiday, observes)


def _zone(entry: _Entry) -> ZoneInfo:
    try:
        return ZoneInfo(entry.value or "")
    except (KeyError, ValueError, OSError):
        raise entry.at.wrong(
            f"there is no time zone {entry.value!r}; write Europe/Paris, Indian/Reunion, America/Guadeloupe, …"
        ) from None


def _holidays(entry: _Entry | None) -> tuple[Callable[[date], bool], bool]:
    place = public_holidays.place_of("metropole" if entry is None else entry.value or "")
    if place is None:
        assert entry is not None
        places = ", ".join([*public_holidays.PLACES, public_holidays.NONE])
        raise entry.at.wrong(f"jours fériés: {entry.value!r} is not known; write one of {places}.")
    return public_holidays.is_holiday_in(place), place != public_holidays.NONE


def _week(entry: _Entry) -> tuple[Day, Day, Day, Day, Day, Day, Day]:
    found: dict[int, Day] = {}
    for line in _group(entry, "a day or days a line are needed, as `lundi au vendredi: 9h-12h, 14h-17h`."):
        hours = _day(line)
        for number in _week_days(line):
            if number in found:
                raise line.at.wrong(f"{_DAYS[number]} has its hours already, in a line above; keep one of the two.")
            found[number] = hours
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (found.get(number, CLOSED) for number in range(7))
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def _week_days(entry: _Entry) -> Iterator[int]:
    for part in re.split(r"\s*,\s*|\s+et\s+", entry.name.casefold()):
        first, _, last = re.sub(r"^(?:du|le)\s+", "", part).partition(" au ")
        start = _week_day(first, entry)
        end = _week_day(last, entry) if last else start
        yield from range(start, end + 1) if start <= end else (*range(start, 7), *range(end + 1))


def _week_day(name: str, entry: _Entry) -> int:
    if name not in _DAYS:
        raise entry.at.wrong(f"{entry.name!r}: {name!r} is no day; write {', '.join(_DAYS)}, or `lundi au jeudi`.")
    return _DAYS.index(name)


def _day(entry: _Entry) -> Day:
    """`fermé`, or hours as `9h-12h, 14h-17h30`, also `de 9 h à 12 h et de 14 h à 17 h 30`."""
    text = (entry.value or "").casefold()
    if text in _CLOSED:
        return CLOSED
    if not text:
        raise entry.at.wrong(f"{entry.name}: hours are needed, as 9h-12h, 14h-17h, or fermé.")
    ranges = sorted(_range(part, entry) for part in re.split(r"\s*,\s*|\s+et\s+", text))
    for before, after in pairwise(ranges):
        if after.start < before.end:
            raise entry.at.wrong(f"{entry.name}: {entry.value!r} has hours that overlap; let each end before the next.")
    return tuple(ranges)


def _range(text: str, entry: _Entry) -> Range:
    ends = _BETWEEN.split(re.sub(r"^de\s+", "", text.strip()))
    if len(ends) != 2:
        raise entry.at.wrong(f"{entry.name}: {text!r} is not understood; write hours as 9h-12h, 14h-17h, or fermé.")
    start = 0 if ends[0] == "minuit" else _minutes(ends[0], entry)
    end = _minutes(ends[1], entry)
    if end <= start:
        raise entry.at.wrong(
            f"{entry.name}: {text!r} ends before it begins; turn the two around or, past midnight, write 20h-24h here "
            "and 0h-2h on the next day."
        )
    return Range(start, end)


def _minutes(text: str, entry: _Entry) -> int:
    if text in ("midi", "minuit"):
        return 12 * 60 if text == "midi" else 24 * 60
    match = _TIME.fullmatch(text)
    minutes = int(match["hour"]) * 60 + int(match["minute"] or 0) if match else -1
    if match is None or int(match["minute"] or 0) > 59 or minutes > 24 * 60:
        raise entry.at.wrong(f"{entry.name}: {text!r} is no time; write 9h, 9h30 or 17:45, up to 24h.")
    return minutes


def _exception(entry: _Entry) -> Exceptional:
    """`24 décembre`, `24 décembre 2026`, `24/12/2026` or `2026-12-24`; two of them with `au`, as `13 au 17 juillet`."""
    first_text, _, last_text = re.sub(r"^(?:du|le)\s+", "", entry.name.casefold()).partition(" au ")
    last_year, month, day = _date(last_text or first_text, entry)
    if last_text and (only_day := re.fullmatch(r"(\d{1,2})(?:er)?", first_text)):
        first_year, first_month, first_day = last_year, month, int(only_day[1])
    else:
        first_year, first_month, first_day = _date(first_text, entry)
    if last_year is None and first_year is not None:
        raise entry.at.wrong(f"{entry.name!r}: write the year after the last day too.")
    if first_year is None and last_year is not None:  # 24 décembre au 2 janvier 2027
        first_year = last_year - 1 if (first_month, first_day) > (month, day) else last_year
    first = _real(first_year or _ANY_YEAR, first_month, first_day, entry)
    last = _real(last_year or _ANY_YEAR, month, day, entry)
    if last_year is not None and last < first:
        raise entry.at.wrong(f"{entry.name!r} ends before it begins; turn the two days around or correct a year.")
    return Exceptional(first, last, _day(entry), yearly=last_year is None)


def _date(text: str, entry: _Entry) -> tuple[int | None, int, int]:
    """Year (None: every year), month, day."""
    if match := _ISO.fullmatch(text) or _SLASHED.fullmatch(text):
        return int(match["year"]) if match["year"] else None, int(match["month"]), int(match["day"])
    match = _DATE.fullmatch(text)
    month = _PLAIN_MONTHS.index(_plain(match["month"])) if match and _plain(match["month"]) in _PLAIN_MONTHS else -1
    if match is None or month < 0:
        raise entry.at.wrong(
            f"{entry.name!r} is no day; write `24 décembre` (every year), `24 décembre 2026` or "
            "`20 juillet au 14 août 2026`."
        )
    return int(match["year"]) if match["year"] else None, month + 1, int(match["day"])


def _real(year: int, month: int, day: int, entry: _Entry) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise entry.at.wrong(f"{entry.name!r}: this day does not exist; correct the day or the month.") from None


def _plain(name: str) -> str:
    """A name without its accents and capitals: civil servants write both."""
    table = str.maketrans("àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc")
    return name.casefold().translate(table)


class HoursFile(Hours):
    """The hours of a file, read again whenever it has changed: tomorrow's closing needs no restart.

    A mistake in a changed file keeps the hours of before; `on_mistake` is told, once.
    """

    def __init__(self, path: Path | None, on_mistake: Callable[[str], None] = lambda text: None) -> None:
        """Raises like `load_hours`."""
        super().__init__(load_hours(path))
        self._path = path
        self._on_mistake = on_mistake
        self._seen = self._stamp()

    def calendar(self, team: str = "") -> Calendar | None:
        """As it is now in the file."""
        if (stamp := self._stamp()) != self._seen:
            self._seen = stamp
            try:
                self._calendars = load_hours(self._path)
            except Misconfigured as error:
                self._on_mistake(str(error))
        return super().calendar(team)

    def _stamp(self) -> tuple[int, int]:
        try:
            state = self._path.stat() if self._path is not None else None
        except OSError:
            state = None
        return (state.st_mtime_ns, state.st_size) if state is not None else (0, 0)
