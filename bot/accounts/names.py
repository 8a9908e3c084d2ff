"""Names at sign-in, and codes of teams and skills: what is accepted, and how it is compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.errors import Conflict

_LOGIN_CHARS = range(2, 255)
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_MOST_CODES = 50


def compared_login(login: str) -> str:
    """The form in which names are compared: no difference of case or of how an accent was typed."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def checked_login(login: str) -> str:
    """`compared_login` of a new name. Raises `Conflict`."""
    compared = compared_login(login)
    if len(compared) not in _LOGIN_CHARS or not compared.isprintable() or any(char.isspace() for char in compared):
        raise Conflict(
            "A login has 2 to 254 characters and no space, as marie.martin or an e-mail address.", "login_invalid"
        )
    return compared


def checked_codes(codes: Sequence[str]) -> list[str]:
    """Teams or skills, without doubles. Raises `Conflict`."""
    if not all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes) or len(codes) > _MOST_CODES:
        raise Conflict("Teams and skills are short codes, as etat_civil or en.", "codes_invalid")
    return list(dict.fromkeys(codes))
