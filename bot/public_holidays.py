"""French public holidays, by the `holidays` library (MIT, no network): fixed days, those of Easter, and local ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache

import holidays

NONE = "aucun"
# As written in the hours' file → the library's subdivision. Alsace and Moselle have the same days.
PLACES = {
    "metropole": None,
    "alsace-moselle": "57",
    "guadeloupe": "971",
    "martinique": "972",
    "guyane": "973",
    "la-reunion": "974",
    "mayotte": "976",
    "saint-barthelemy": "BL",
    "saint-martin": "MF",
    "saint-pierre-et-miquelon": "PM",
    "nouvelle-caledonie": "NC",
    "polynesie-francaise": "PF",
    "wallis-et-futuna": "WF",
}


def place_of(written: str) -> str | None:
    """The name of a place as in `PLACES` (or `NONE`), whatever its accents, capitals and dashes; None: unknown."""
    plain = unicodedata.normalize("NFD", written).encode("ascii", "ignore").decode().casefold()
    name = "-".join(plain.replace("-", " ").split())
    name = "la-reunion" if name == "reunion" else name
    return name if name in PLACES or name == NONE else None


def is_holiday_in(place: str) -> Callable[[date], bool]:
    """Tells whether a day is a public holiday in a place named as `place_of` names it."""
    if place == NONE:
        return lambda day: False
    return lambda day: day in _days(place, day.year)


@lru_cache(maxsize=64)
def _days(place: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", subdiv=PLACES[place], years=year))
