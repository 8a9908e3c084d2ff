"""Which passwords are refused, and how the others are kept."""

from __future__ import annotations

import pytest

from bot.accounts.passwords import NOBODYS, WEAK, Hasher, check_strength
from bot.accounts.texts import REFUSALS
from bot.errors import WeakPassword
from tests.unit.accounts.people import CHEAP


@pytest.mark.parametrize(
    "password",
    [
        "cheval bleu sous la pluie",
        "zfkqmwpeoruy",
        "Mon chien s’appelle Gaston",
        "数学とコーヒーを毎日楽しむ",
        "vive la mairie de mon village",
    ],
)
def test_length_is_enough(password: str) -> None:
    check_strength(password, fewest_chars=12, login="marie.martin@mairie.example")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("cheval bleu", "password_short"),
        ("x" * 257, "password_long"),
        ("aaaaaaaaaaaa", "password_repeated"),
        ("abababababab", "password_repeated"),
        ("azertyuiopqs", "password_repeated"),
        ("210987654321", "password_repeated"),
        ("motdepasse2026!", "password_common"),
        ("M0tDeP@sse!!!", "password_common"),
        ("Bonjour tout le monde", "password_common"),
        ("Printemps2026", "password_common"),
        ("soleilsoleil", "password_common"),
        ("marie.martin1", "password_login"),
        ("MARIE.MARTIN2026", "password_login"),
    ],
)
def test_what_everybody_guesses_is_refused(password: str, code: str) -> None:
    with pytest.raises(WeakPassword) as refusal:
        check_strength(password, fewest_chars=12, login="marie.martin@mairie.example")
    assert refusal.value.code == code
    assert code in WEAK
    assert code in REFUSALS
    assert password not in str(refusal.value)


def test_a_kept_password_is_recognised_however_its_accents_are_typed() -> None:
    hasher = Hasher(**CHEAP)
    kept = hasher.digest("l\u00e9gumes du potager")
    assert kept.startswith("$argon2id$")
    assert hasher.matches(kept, "le\u0301gumes du potager")
    assert not hasher.matches(kept, "legumes du potager")
    assert not hasher.matches("not a hash", "x")
    assert "potager" not in kept
    assert hasher.digest("same") != hasher.digest("same")


def test_a_hash_of_weaker_parameters_is_outgrown_and_nobodys_is_not() -> None:
    assert Hasher().is_outgrown(Hasher(**CHEAP).digest("x"))
    assert not Hasher().is_outgrown(NOBODYS)
