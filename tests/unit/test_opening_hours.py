"""When people can be reached, as callers and visitors live it: weeks, holidays, exceptions, nights, clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.opening_calendar import CLOSED, Calendar, Day, Exceptional, Range
from bot.opening_hours import Hours
from bot.public_holidays import is_holiday_in

PARIS = ZoneInfo("Europe/Paris")
NO_BREAK = "\u00a0"


def hours(*ranges: tuple[float, float]) -> Day:
    return tuple(Range(round(start * 60), round(end * 60)) for start, end in ranges)


OFFICE = hours((9, 12), (14, 17))
TEN = hours((9, 10))
WEEK = (OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, CLOSED, CLOSED)


def calendar(
    week: tuple[Day, Day, Day, Day, Day, Day, Day] = WEEK, *exceptions: Exceptional, place: str = "metropole"
) -> Calendar:
    return Calendar(week, PARIS, exceptions, is_holiday_in(place), observes_holidays=True)


def paris(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS, fold=fold)


TOWN_HALL = Hours({"": calendar()})


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (paris(11, 23, 8, 59), False),
        (paris(11, 23, 9), True),
        (paris(11, 23, 12), False),
        (paris(11, 23, 14), True),
        (paris(11, 28, 10), False),  # Saturday
        (paris(11, 11, 10), False),  # Armistice, a Wednesday
        (paris(4, 6, 10), False),  # Easter Monday
    ],
)
def test_open_within_the_hours_of_the_day_and_closed_on_public_holidays(moment: datetime, is_open: bool) -> None:
    assert TOWN_HALL.is_open(moment) is is_open


def test_the_same_instant_is_open_whatever_zone_it_is_said_in() -> None:
    assert TOWN_HALL.is_open(datetime(2026, 11, 23, 8, 30, tzinfo=UTC))
    assert not TOWN_HALL.is_open(datetime(2026, 11, 23, 7, 59, tzinfo=UTC))
    assert TOWN_HALL.is_open(datetime(2026, 7, 20, 7, 0, tzinfo=UTC))


def test_alsace_keeps_good_friday_and_saint_stephen() -> None:
    alsace = Hours({"": calendar(place="alsace-moselle")})
    good_friday, saint_stephen = paris(4, 3, 10), paris(12, 26, 10, year=2028)
    assert TOWN_HALL.is_open(good_friday) and not alsace.is_open(good_friday)
    assert TOWN_HALL.is_open(saint_stephen) and not alsace.is_open(saint_stephen)


def test_next_opening_goes_over_lunch_nights_weekends_and_holidays() -> None:
    assert TOWN_HALL.next_opening(paris(11, 23, 12, 30)) == paris(11, 23, 14)
    assert TOWN_HALL.next_opening(paris(11, 20, 18)) == paris(11, 23, 9)
    assert TOWN_HALL.next_opening(paris(12, 24, 18)) == paris(12, 28, 9)
    assert TOWN_HALL.next_opening(paris(11, 23, 10)) == paris(11, 23, 14)


def test_it_closes_at_the_end_of_the_present_hours() -> None:
    assert TOWN_HALL.closes_at(paris(11, 23, 10)) == paris(11, 23, 12)
    assert TOWN_HALL.closes_at(paris(11, 23, 13)) is None


def test_an_exception_counts_before_week_and_holiday_a_dated_one_before_a_yearly_one() -> None:
    christmas_eve = Exceptional(date(2000, 12, 24), date(2000, 12, 24), hours((9, 12)), yearly=True)
    this_year = Exceptional(date(2026, 12, 24), date(2026, 12, 24), CLOSED)
    open_on_armistice = Exceptional(date(2026, 11, 11), date(2026, 11, 11), hours((10, 11)))
    opened = Hours({"": calendar(WEEK, this_year, christmas_eve, open_on_armistice)})
    assert not opened.is_open(paris(12, 24, 10))
    assert opened.is_open(paris(12, 24, 10, year=2027)) and not opened.is_open(paris(12, 24, 15, year=2027))
    assert opened.is_open(paris(11, 11, 10, 30)) and not opened.is_open(paris(11, 11, 11, 30))


def test_a_yearly_closing_may_go_over_the_new_year() -> None:
    winter = Exceptional(date(2000, 12, 24), date(2000, 1, 2), CLOSED, yearly=True)
    closed = Hours({"": calendar(WEEK, winter)})
    assert not closed.is_open(paris(12, 28, 10))
    assert closed.next_opening(paris(12, 23, 18)) == paris(1, 4, 9, year=2027)


def test_hours_that_meet_at_midnight_are_one_opening() -> None:
    night = Hours({"": calendar((CLOSED,) * 4 + (hours((20, 24)), hours((0, 2)), CLOSED))})
    assert night.is_open(paris(11, 28, 0))
    assert night.closes_at(paris(11, 27, 23)) == paris(11, 28, 2)
    assert night.next_opening(paris(11, 28, 3)) == paris(12, 4, 20)


def test_the_clocks_going_forward_open_at_nine_not_at_ten() -> None:
    sundays = Hours({"": calendar((CLOSED,) * 6 + (OFFICE,))})
    assert sundays.next_opening(paris(3, 28, 18)) == paris(3, 29, 9)
    assert paris(3, 29, 9).astimezone(UTC) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert sundays.is_open(datetime(2026, 3, 29, 7, tzinfo=UTC))
    assert sundays.is_open(datetime(2026, 10, 25, 8, tzinfo=UTC))
    assert not sundays.is_open(datetime(2026, 10, 25, 7, 59, tzinfo=UTC))


def test_the_hour_that_comes_twice_is_open_twice_and_the_one_that_is_skipped_never() -> None:
    nights = Hours({"": calendar((CLOSED,) * 6 + (hours((1, 2.5)),))})
    assert nights.is_open(paris(10, 25, 2, 15, fold=0)) and nights.is_open(paris(10, 25, 2, 15, fold=1))
    closes = nights.closes_at(paris(10, 25, 1))
    assert closes is not None and closes.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert nights.is_open(paris(3, 29, 1, 59))


def test_always_open_never_closes_and_closed_for_good_never_opens() -> None:
    always = Hours({"": Calendar((hours((0, 24)),) * 7)})
    assert always.is_open(paris(1, 1)) and always.closes_at(paris(1, 1)) is None
    assert always.next_opening(paris(1, 1)) is None
    never = Hours({"": Calendar((CLOSED,) * 7)})
    assert not never.is_open(paris(11, 23, 10)) and never.next_opening(paris(11, 23, 10)) is None
    assert never.slots(paris(11, 23, 10)) == ()


def test_without_a_file_people_are_always_there_and_no_hours_are_said() -> None:
    unknown = Hours()
    assert unknown.is_open(paris(1, 1, 3)) and unknown.lines() == () and unknown.sentence() == ""
    assert unknown.next_opening(paris(1, 1)) is unknown.closes_at(paris(1, 1)) is None


def test_a_team_has_its_own_hours_and_an_unknown_team_the_default_ones() -> None:
    teams = Hours({"": calendar(), "état civil": calendar((hours((9, 12)),) + (CLOSED,) * 6)})
    assert not teams.is_open(paris(11, 24, 10), "état civil")
    assert teams.is_open(paris(11, 24, 10), "voirie") and teams.teams == ("état civil",)


# -- callbacks --


def test_callbacks_are_offered_within_the_hours_after_some_notice() -> None:
    slots = TOWN_HALL.slots(paris(11, 23, 10, 45), count=4)
    assert [(slot.start, slot.end) for slot in slots] == [
        (paris(11, 23, 14), paris(11, 23, 15)),
        (paris(11, 23, 15), paris(11, 23, 16)),
        (paris(11, 23, 16), paris(11, 23, 17)),
        (paris(11, 24, 9), paris(11, 24, 10)),
    ]


def test_a_slot_has_the_same_id_at_every_offer() -> None:
    earlier, later = TOWN_HALL.slots(paris(11, 23, 10)), TOWN_HALL.slots(paris(11, 23, 10, 40))
    assert {slot.id for slot in earlier} & {slot.id for slot in later} == {slot.id for slot in earlier[1:]}
    assert len({slot.id for slot in earlier}) == len(earlier)


def test_where_no_hours_are_known_nobody_is_offered_a_call_at_night() -> None:
    slots = Hours().slots(paris(11, 21, 3), count=12)
    assert all(9 <= slot.start.hour < 18 and slot.start.weekday() < 5 for slot in slots)


# -- in words --


def test_days_with_the_same_hours_are_one_line() -> None:
    nine, twelve, two, five = (f"{hour}{NO_BREAK}h" for hour in (9, 12, 14, 17))
    office = f"du lundi au vendredi, de {nine} à {twelve} et de {two} à {five}"
    assert TOWN_HALL.lines() == (office[0].upper() + office[1:], "Fermé les jours fériés")
    assert TOWN_HALL.lines("en") == ("Monday to Friday, 9am to midday and 2pm to 5pm", "Closed on public holidays")
    assert TOWN_HALL.sentence() == office


@pytest.mark.parametrize(
    ("week", "first_line"),
    [
        ((hours((9, 12)),) * 7, "Tous les jours, de 9 h à 12 h"),
        ((hours((0, 24)),) * 7, "Tous les jours, 24 heures sur 24"),
        ((hours((8.5, 24)),) + (CLOSED,) * 6, "Le lundi, de 8 h 30 à minuit"),
        ((hours((9, 10)), CLOSED) * 3 + (CLOSED,), "Le lundi, le mercredi et le vendredi, de 9 h à 10 h"),
        ((TEN, CLOSED, CLOSED, CLOSED, CLOSED, TEN, TEN), "Le lundi, le samedi et le dimanche, de 9 h à 10 h"),
        ((TEN, TEN, TEN, CLOSED, TEN, TEN, TEN), "Du lundi au mercredi et du vendredi au dimanche, de 9 h à 10 h"),
        ((CLOSED,) * 7, "Fermé jusqu’à nouvel ordre"),
    ],
)  # fmt: skip
def test_the_week_reads_as_a_civil_servant_would_write_it(
    week: tuple[Day, Day, Day, Day, Day, Day, Day], first_line: str
) -> None:
    said = Hours({"": calendar(week)}).lines()[0]
    assert said.replace(NO_BREAK, " ") == first_line


def test_the_coming_fortnight_s_exceptions_are_said() -> None:
    holidays = Exceptional(date(2026, 12, 28), date(2027, 1, 1), CLOSED)
    eve = Exceptional(date(2000, 12, 24), date(2000, 12, 24), hours((9, 12)), yearly=True)
    exceptional = Hours({"": calendar(WEEK, holidays, eve)})
    assert [line.replace(NO_BREAK, " ") for line in exceptional.lines(now=paris(12, 20, 10))[2:]] == [
        "Exceptionnellement, jeudi 24 décembre : de 9 h à 12 h",
        "Exceptionnellement, du lundi 28 décembre au vendredi 1er janvier : fermé",
    ]
    assert exceptional.lines(now=paris(11, 20)) == TOWN_HALL.lines()


def test_the_next_opening_is_said_as_people_say_it() -> None:
    said = [
        TOWN_HALL.reopening(now).replace(NO_BREAK, " ")
        for now in (paris(11, 23, 13), paris(11, 22, 23), paris(11, 20, 18))
    ]
    assert said == ["aujourd’hui à 14 h", "demain à 9 h", "lundi 23 novembre à 9 h"]
    assert TOWN_HALL.reopening(paris(11, 20, 18), "en") == "Monday 23 November at 9am"


# -- whatever the hours --

DAYS = st.lists(st.integers(0, 96), min_size=0, max_size=6, unique=True).map(
    lambda quarters: tuple(Range(a * 15, b * 15) for a, b in zip(*[iter(sorted(quarters))] * 2, strict=False))
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(st.tuples(*[DAYS] * 7), MOMENTS)
@example(week=((), (), (), (), (), (), (Range(120, 135),)), now=datetime(2026, 10, 24, 23, tzinfo=UTC))
def test_what_is_said_of_the_future_comes_true(week: tuple[Day, Day, Day, Day, Day, Day, Day], now: datetime) -> None:
    any_hours = Hours({"": calendar(week)})

    def before(moment: datetime) -> datetime:
        return moment.astimezone(UTC) - timedelta(seconds=1)  # on the clock of the wall an hour may come twice

    if (closes := any_hours.closes_at(now)) is not None:
        assert any_hours.is_open(now) and any_hours.is_open(before(closes)) and not any_hours.is_open(closes)
    if (opens := any_hours.next_opening(now)) is not None:
        assert opens > now and any_hours.is_open(opens) and not any_hours.is_open(before(opens))
    for slot in any_hours.slots(now, minutes=30):
        assert slot.start >= now + timedelta(minutes=30)
        assert any_hours.is_open(slot.start) and any_hours.is_open(before(slot.end))
