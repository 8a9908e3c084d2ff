"""A table as French spreadsheets open it: UTF-8 with its mark, semicolons, CRLF, and no cell that is a formula.

A cell is text that somebody typed, and a spreadsheet runs what begins with `=`, `+`, `-`, `@`, a tab or a carriage
return (OWASP, CSV injection). Such a text gets an apostrophe before it, also when what begins it is hidden behind
spaces, signs of no width or control characters, or is the full-width form of the sign. A telephone number begins with
a `+` too: as `'+33612345678` it would be awkward and as `+33612345678` a number in billions, so it is written as it is
dialled in France. A text longer than a cell holds would run on into other cells and begin anew there: it is cut. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.phone_numbers import as_dialled_from_france

Value = str | int | float | datetime | None

MARK = "\ufeff"
CELL_CHARS_MAX = 32_000  # Excel has 32,767
_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_NUMBER = re.compile(r"\+[0-9 ().\-]{6,24}")
# No spreadsheet keeps these, and some stop reading at them.
_CONTROLS = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r"}
_LINES = re.compile(r"\r\n?")


def line(values: Sequence[Value], zone: tzinfo) -> bytes:
    """One row of the table, with its end."""
    return (";".join(_written(value, zone) for value in values) + "\r\n").encode("utf-8", "replace")


def safe(text: str) -> str:
    """A text as a cell may hold it: the same, unless a spreadsheet would run it."""
    clean = text.translate(_CONTROLS)
    if len(clean) > CELL_CHARS_MAX:
        clean = clean[:CELL_CHARS_MAX] + "…"
    if _NUMBER.fullmatch(clean) and (number := as_dialled_from_france(clean)) is not None:
        return number
    # A tab or a line break at the beginning counts itself; whatever else cannot be seen hides what follows it.
    first = next((char for char in clean if char in _SIGNS or unicodedata.category(char) not in _BLANK_CATEGORIES), "")
    return _LINES.sub("\n", f"'{clean}" if first in _SIGNS else clean)


def _written(value: Value, zone: tzinfo) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case int():
            return str(value)
        case float():
            return f"{value:.2f}".replace(".", ",")
        case _:
            return '"' + safe(value).replace('"', '""') + '"'
