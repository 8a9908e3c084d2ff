"""The file of opening hours, as civil servants write it, and what they are told when it is wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadKnowledge
from bot.opening_file import HoursFile, hours_path, load_hours
from bot.opening_hours import Hours
from bot.pack import PROJECT_DIR, load_pack
from bot.public_holidays import PLACES, is_holiday_in

PARIS = ZoneInfo("Europe/Paris")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hours.yml"
    path.write_text(text, encoding="utf-8")
    return path


def read(tmp_path: Path, text: str) -> Hours:
    return Hours(load_hours(written(tmp_path, text)))


def said(hours: Hours, team: str = "", now: datetime | None = None) -> list[str]:
    return [line.replace("\u00a0", " ") for line in hours.lines(team=team, now=now)]


@pytest.mark.parametrize(
    "monday",
    ["9h-12h, 14h-17h30", "9:00-12:00, 14:00-17:30", "9 h à 12 h et 14 h à 17 h 30", "de 9h à midi et de 14h à 17h30"],
)
def test_times_are_read_as_people_write_them(tmp_path: Path, monday: str) -> None:
    assert said(read(tmp_path, f"semaine:\n  lundi: {monday}\n"))[0] == "Le lundi, de 9 h à 12 h et de 14 h à 17 h 30"


@pytest.mark.parametrize(
    ("days", "line"),
    [
        ("lundi au vendredi", "Du lundi au vendredi, de 9 h à 10 h"),
        ("du Lundi au Mercredi", "Du lundi au mercredi, de 9 h à 10 h"),
        ("lundi, mardi et jeudi", "Le lundi, le mardi et le jeudi, de 9 h à 10 h"),
        ("samedi au lundi", "Le lundi, le samedi et le dimanche, de 9 h à 10 h"),
    ],
)
def test_days_are_read_as_people_write_them(tmp_path: Path, days: str, line: str) -> None:
    assert said(read(tmp_path, f"semaine:\n  {days}: 9h-10h\n"))[0] == line


@pytest.mark.parametrize(
    "day",
    ["24 décembre", "24 decembre 2026", "24/12", "24/12/2026", "2026-12-24", "le 24 décembre", "23 au 25 décembre",
     "20 décembre 2026 au 2 janvier 2027", "20 décembre au 2 janvier", "20 décembre au 2 janvier 2027"],
)  # fmt: skip
def test_exceptional_days_are_read_as_people_write_them(tmp_path: Path, day: str) -> None:
    hours = read(tmp_path, f"semaine:\n  lundi au dimanche: 9h-17h\nexceptions:\n  {day}: fermé\n")
    assert not hours.is_open(datetime(2026, 12, 24, 10, tzinfo=PARIS))
    assert hours.is_open(datetime(2026, 12, 18, 10, tzinfo=PARIS)) and hours.is_open(
        datetime(2027, 1, 4, 10, tzinfo=PARIS)
    )


def test_a_team_takes_from_the_default_what_it_does_not_write(tmp_path: Path) -> None:
    hours = read(
        tmp_path,
        "fuseau: Indian/Reunion\njours fériés: la Réunion\nsemaine:\n  lundi: 9h-12h\n"
        "exceptions:\n  23 novembre: 10h-11h\néquipes:\n  état civil:\n    semaine:\n      lundi: 14h-15h\n",
    )
    now = datetime(2026, 11, 22, 10, tzinfo=PARIS)
    assert said(hours, "état civil", now) == [
        "Le lundi, de 14 h à 15 h",
        "Fermé les jours fériés",
        "Exceptionnellement, lundi 23 novembre : de 10 h à 11 h",
    ]
    opening = hours.next_opening(now, "état civil")
    assert opening is not None and opening.isoformat() == "2026-11-23T10:00:00+04:00"


def test_public_holidays_are_those_of_the_mainland_unless_another_place_or_none_is_written(tmp_path: Path) -> None:
    week = "semaine:\n  lundi au dimanche: 9h-17h\n"
    abolition, bastille = datetime(2026, 12, 20, 12, tzinfo=PARIS), datetime(2026, 7, 14, 12, tzinfo=PARIS)
    assert read(tmp_path, week).is_open(abolition) and not read(tmp_path, week).is_open(bastille)
    assert not read(tmp_path, week + "jours fériés: réunion\n").is_open(abolition)
    assert read(tmp_path, week + "jours_feries: aucun\n").is_open(bastille)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_its_public_holidays(place: str) -> None:
    assert is_holiday_in(place)(datetime(2027, 5, 1).date()) and not is_holiday_in(place)(datetime(2027, 3, 2).date())


WEEK = "semaine:\n  lundi: 9h-12h\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("semaine:\n  lundy: 9h-12h", "line 2: 'lundy': 'lundy' is no day; write lundi"),
        ("semaine:\n  lundi: 9h-12h\n  lundi: 14h-17h", "line 3: 'lundi' is there twice .first in line 2.; keep one"),
        ("semaine:\n  lundi: 9h-12h\n  lundi au jeudi: 14h-17h", "line 3: lundi has its hours already"),
        ("semaine:\n  lundi: 12h-9h", "line 2: lundi: '12h-9h' ends before it begins; turn the two around"),
        ("semaine:\n  lundi: 9h-25h", "line 2: lundi: '25h' is no time; write 9h"),
        ("semaine:\n  lundi: 9h75-12h", "'9h75' is no time"),
        ("semaine:\n  lundi: matin", "line 2: lundi: 'matin' is not understood; write hours as 9h-12h"),
        ("semaine:\n  lundi:", "line 2: lundi: hours are needed"),
        ("semaine:\n  lundi: 9h-12h, 11h-14h", "hours that overlap"),
        ("jours fériés: aucun", "line 1: `semaine:` is missing"),
        ("semaine: 9h-12h", "line 1: semaine: a day or days a line"),
        ("semain:\n  lundi: 9h-12h", "line 1: there is no 'semain' here; there are fuseau"),
        ("fuseau: Europe/Pari\n" + WEEK, "line 1: there is no time zone 'Europe/Pari'"),
        ("jours fériés: bretagne\n" + WEEK, "line 1: jours fériés: 'bretagne' is not known; write one of metro"),
        (WEEK + "exceptions:\n  31 février: fermé", "line 4: '31 février': this day does not exist"),
        (WEEK + "exceptions:\n  24 decembr: fermé", "line 4: '24 decembr' is no day; write `24 déc"),
        (WEEK + "exceptions:\n  14 août 2026 au 20 juillet 2026: fermé", "line 4: .* ends before it begins"),
        (WEEK + "exceptions:\n  14 août 2026 au 20 août: fermé", "line 4: .* write the year after"),
        (WEEK + "équipes:\n  voirie:\n    équipes:\n      a: b", "line 5: there is no 'équipes' here"),
        ("semaine:\n  lundi: [9h", "line 2: this cannot be read"),
        ("- lundi", "line 1: `name: value` lines are needed"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_a_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadKnowledge, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_a_mistake_and_no_file_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="cannot be read"):
        load_hours(tmp_path / "hours.yml")
    assert load_hours(None) == {}


def test_the_file_delivered_holds_explanations_only_and_its_example_is_right(tmp_path: Path) -> None:
    path = PROJECT_DIR / "data" / "hours.yml"
    assert load_hours(path) == {}
    text = path.read_text(encoding="utf-8")
    example = text[text.index("# fuseau") :].replace("\n# ", "\n").replace("\n#", "\n").removeprefix("# ")
    assert said(read(tmp_path, example))[0] == "Du lundi au jeudi, de 9 h à 12 h et de 14 h à 17 h"
    assert Hours(load_hours(PROJECT_DIR / "examples" / "mairie" / "data" / "hours.yml")).teams == ("état civil",)


def test_the_operator_s_file_counts_before_the_pack_s_and_no_pack_lends_its_hours(tmp_path: Path) -> None:
    own = load_pack(PROJECT_DIR / "examples" / "mairie")
    assert hours_path("/etc/guichet/hours.yml", own) == Path("/etc/guichet/hours.yml")
    assert hours_path("", own) == own.root / "data" / "hours.yml"
    assert hours_path("", replace(own, root=tmp_path)) is None


def test_a_change_of_the_file_counts_at_once_and_a_mistake_keeps_the_hours_of_before(tmp_path: Path) -> None:
    path = written(tmp_path, "semaine:\n  lundi: 9h-12h\n")
    told: list[str] = []
    hours = HoursFile(path, told.append)
    monday = datetime(2026, 11, 23, 10, tzinfo=PARIS)
    assert hours.is_open(monday)
    for text, is_open in (("semaine:\n  lundi: 14h-17h\n", False), ("semaine:\n  lundi: 9h-7h\n", False)):
        written(tmp_path, text)
        os.utime(path, ns=(1, len(text)))
        assert hours.is_open(monday) is is_open
    assert hours.is_open(monday) is False and len(told) == 1 and "line 2" in told[0]
