"""Which telephone numbers we may dial: only those of a person's own line, under a prefix the operator has allowed.

An empty list of prefixes allows nothing. Whatever the list says, a number is never dialled that costs more than a
call, belongs to a service or calls for help: the kinds that are fit for a person are listed, so that every other
(premium, shared cost, toll-free, short, emergency, satellite) is refused by default. Numbers without a country
are French, and those of the overseas departments get their own country code (0590 … is +590 590 …). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.errors import NotAllowed

# Overseas first: metropolitan France has left their numbers free.
_REGIONS = ("GP", "MQ", "GF", "RE", "YT", "FR")
_NO_COUNTRY = "001"  # satellites and international services
_OF_PERSONS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_WRITTEN = re.compile(r"\+?[0-9 ().\-]{4,24}")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def normalised(number: str) -> str | None:
    """A number as written or as a line announces it ("06 12 …", "0033…", "33612…", "+33 …") in E.164 ("+33612…").

    None for what is not the number of a person's line: anonymous, short, premium, or not in use.
    """
    if not _WRITTEN.fullmatch(number.strip()):
        return None
    for region in _REGIONS:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if _of_a_person(parsed) else None
    return None


def is_mobile(number: str) -> bool:
    """Whether text messages reach this number. False for what is not the number of a person's line."""
    written = normalised(number)
    if written is None:
        return False
    return phonenumbers.number_type(phonenumbers.parse(written)) in _MOBILE


def is_prefix(text: str) -> bool:
    """Whether `dialable` can use it as a prefix."""
    return _PREFIX.fullmatch(text) is not None


def _of_a_person(number: phonenumbers.PhoneNumber) -> bool:
    in_a_country = phonenumbers.region_code_for_number(number) != _NO_COUNTRY
    return in_a_country and phonenumbers.number_type(number) in _OF_PERSONS


def dialable(number: str, allowed_prefixes: Iterable[str]) -> str:
    """The number in E.164, when it may be dialled. Raises `NotAllowed`; the error does not repeat the number.

    A prefix is a + and digits: "+33", "+3361". Anything else in the list allows nothing.
    """
    dialled = normalised(number)
    if dialled is None:
        raise NotAllowed("This is not the number of a person's line: nothing was dialled.")
    if not any(is_prefix(prefix) and dialled.startswith(prefix) for prefix in allowed_prefixes):
        raise NotAllowed("Numbers with this beginning may not be dialled: phone.callback_allowed lists those that may.")
    return dialled


def as_dialled_from_france(number: str) -> str | None:
    """As one reads and dials it in France: `06 12 34 56 78`, `00 44 20 7946 0018`; None for what is no number.

    It never begins with a sign: a spreadsheet keeps it as text.
    """
    if not _WRITTEN.fullmatch(number.strip()):
        return None
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_out_of_country_calling_number(parsed, "FR")
