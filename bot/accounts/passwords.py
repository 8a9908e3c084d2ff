"""Passwords: what is accepted, and how they are kept (argon2id).

The rules follow CNIL's recommendation of 21 July 2022 (2022-100) and ANSSI's of 2021: length first, no mandatory mix of
characters and no expiry, which only teach people to write "Printemps2026!"; what everybody chooses is refused, and so
is the name itself. Twelve characters are more than the 50 bits CNIL asks for where tries are throttled, as here.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import WeakPassword

MOST_CHARS = 256
_FEWEST_DIFFERENT = 5
_COMMON_FILE = Path(__file__).parent / "common_passwords.txt"
_SHORTEST_MEANINGFUL = 4
_LOOKALIKES = str.maketrans("@0$€", "aose")

# The hash of a password that nobody knows: unknown names are tried against it, so that they take as long as known ones.
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$A2f4IpKHI+NVXgQTzq/Bug$loHrmy7+GZgFmzYZg1SswcQvzu60w8lFP4bbLOo/8oY"

WEAK = {
    "password_short": "The password is too short: take a sentence of several words.",
    "password_long": f"The password has more than {MOST_CHARS} characters.",
    "password_repeated": "The password only repeats a few characters or follows the keyboard.",
    "password_login": "The password contains the person's name.",
    "password_common": "The password is one that many people choose.",
}


def check_strength(password: str, *, fewest_chars: int, login: str) -> None:
    """Raises `WeakPassword`."""
    bare = _bare(password)
    if len(unicodedata.normalize("NFKC", password)) < fewest_chars:
        raise _weak("password_short")
    if len(password) > MOST_CHARS:
        raise _weak("password_long")
    if len(set(bare)) < _FEWEST_DIFFERENT or _is_a_run(bare):
        raise _weak("password_repeated")
    name = _bare(login.partition("@")[0])
    if len(name) >= _SHORTEST_MEANINGFUL and name in bare and len(bare) - len(name) < fewest_chars - 4:
        raise _weak("password_login")
    if bare in _common() or _core(bare) in _common() or _halves_common(bare):
        raise _weak("password_common")


def _weak(code: str) -> WeakPassword:
    return WeakPassword(WEAK[code], code)


class Hasher:
    """Makes and checks hashes; as slow on purpose: call it off the event loop.

    By default RFC 9106, section 4, second recommended option: 64 MiB, three passes, four lanes; about 0.1 s on two
    shared cores. `nobodys` must have been made with the same parameters.
    """

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 64 * 1024, lanes: int = 4, nobodys: str = NOBODYS
    ) -> None:
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self.nobodys = nobodys

    def digest(self, password: str) -> str:
        """The argon2id hash with its parameters and salt."""
        return self._argon2.hash(unicodedata.normalize("NFKC", password))

    def matches(self, kept: str, password: str) -> bool:
        """Whether the password is the kept one."""
        try:
            return self._argon2.verify(kept, unicodedata.normalize("NFKC", password[: MOST_CHARS * 4]))
        except (VerificationError, InvalidHashError):
            return False

    def is_outgrown(self, kept: str) -> bool:
        """Whether the hash was made with other, as a rule weaker, parameters than today's."""
        return self._argon2.check_needs_rehash(kept)


@cache
def _common() -> frozenset[str]:
    lines = _COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(_bare(line) for line in lines if line and not line.startswith("#"))


def _bare(text: str) -> str:
    """Without case, accents and the digits that stand for letters: P@ssw0rd is password."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char) and not char.isspace())
    return letters.translate(_LOOKALIKES)


def _core(bare: str) -> str:
    """Without what people add to reach the length: motdepasse2026! is motdepasse."""
    return bare.strip("o123456789!?.,;:*-_+#&/ ")


def _halves_common(bare: str) -> bool:
    half = len(bare) // 2
    return len(bare) % 2 == 0 and bare[:half] == bare[half:] and bare[:half] in _common()


def _is_a_run(bare: str) -> bool:
    """abcdefghijkl, 987654321098, and the rows of the two keyboards."""
    rows = (
        "abcdefghijklmnopqrstuvwxyz" * 2,
        "o123456789" * 3,
        "azertyuiopqsdfghjklmwxcvbn",
        "qwertyuiopasdfghjklzxcvbnm",
    )
    return any(bare in row or bare in row[::-1] for row in rows)
