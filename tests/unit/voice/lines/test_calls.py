"""Who may connect, how many, and how fast a hand presses keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadSettings, Busy
from bot.settings import Settings
from voice.lines.bridge import MAX_KEYS_PER_SECOND, KeyLimit
from voice.lines.calls import MAX_AT_THE_DOOR, LineCalls


def calls(*, peers: str = "127.0.0.0/8, ::1, 192.0.2.0/24", max_calls: int = 2) -> LineCalls:
    settings = Settings(phone={"max_calls": max_calls}, lines={"allowed_peers": peers})  # type: ignore[arg-type]
    return LineCalls(settings, Path("/nowhere"))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("192.0.2.200", True),
        ("::ffff:192.0.2.200", True),
        ("::1", True),
        ("198.51.100.1", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
        ("", False),
        (None, False),
        ("pbx.example", False),
    ],
)
def test_only_the_listed_networks_come_in(address: str | None, allowed: bool) -> None:
    assert calls().allows(address) is allowed


def test_an_empty_list_lets_nobody_in() -> None:
    assert not calls(peers="").allows("127.0.0.1")


def test_a_list_that_is_none_names_the_setting() -> None:
    with pytest.raises(BadSettings, match=r"lines\.allowed_peers"):
        calls(peers="pbx.example")


def test_places_are_given_back() -> None:
    line = calls(max_calls=1)
    with line.place():
        assert line.is_full
        with pytest.raises(Busy), line.place():
            pass
    assert not line.is_full


def test_the_door_has_its_own_end() -> None:
    line = calls(max_calls=1)
    held = [line.door() for _ in range(MAX_AT_THE_DOOR)]
    for one in held:
        one.__enter__()
    with pytest.raises(Busy), line.door():
        pass
    with line.place():
        pass


def test_keys_come_at_most_as_fast_as_a_hand() -> None:
    limit = KeyLimit()
    assert sum(limit.allows(now=0.001 * number) for number in range(1000)) == MAX_KEYS_PER_SECOND
    assert limit.allows(now=1.0)
