"""Refusals about accounts, as HTTP has them: a status, a code, and a sentence for the person at the console."""

from __future__ import annotations

from bot.accounts.texts import REFUSALS, wait_in_words
from bot.errors import (
    Conflict,
    Forbidden,
    GuichetError,
    ProviderUnavailable,
    TooManyTries,
    Unauthorized,
    UnknownAccount,
    WeakPassword,
)

_STATUSES: dict[type[GuichetError], int] = {
    Unauthorized: 401,
    Forbidden: 403,
    UnknownAccount: 404,
    WeakPassword: 422,
    Conflict: 409,
}
_BAD_VALUES = frozenset({"login_invalid", "codes_invalid", "role_invalid"})


def explain_account(error: GuichetError) -> tuple[int, str, str] | None:
    """Status, code and text; None for an error of something else."""
    if isinstance(error, TooManyTries):
        return 429, "too_many_tries", REFUSALS["too_many_tries"].format(wait=wait_in_words(error.wait_seconds))
    if isinstance(error, ProviderUnavailable):
        return 503, "oidc_unavailable", REFUSALS["oidc_unavailable"]
    code = str(getattr(error, "code", ""))
    if type(error) not in _STATUSES or code not in REFUSALS or (isinstance(error, Conflict) and code == "conflict"):
        return None
    return (400 if code in _BAD_VALUES else _STATUSES[type(error)]), code, REFUSALS[code]
