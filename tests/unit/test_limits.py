"""A flood from one address is slowed, a library behind one address is not; lies about addresses gain nothing."""

from __future__ import annotations

import pytest

from bot.errors import TooFast
from bot.limits import Addresses, AddressLimit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_address_is_slowed_and_told_when_to_come_back_and_others_are_not() -> None:
    clock = Clock()
    limit = AddressLimit(60, clock)
    for _ in range(60):
        limit.count("192.0.2.1")
    with pytest.raises(TooFast) as caught:
        limit.count("192.0.2.1")
    assert caught.value.retry_seconds == pytest.approx(1)
    limit.count("192.0.2.2")
    clock.now = 1.0
    limit.count("192.0.2.1")
    with pytest.raises(TooFast):
        limit.count("192.0.2.1")
    clock.now = 3600
    for _ in range(60):
        limit.count("192.0.2.1")


def test_memory_is_bounded_and_holds_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.limits._ADDRESSES_KEPT", 100)
    limit = AddressLimit(60, Clock())
    for n in range(1000):
        limit.count(f"192.0.2.{n}")
    assert len(limit._buckets) == 100
    assert b"192.0.2" not in b"".join(limit._buckets)


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),  # not a proxy of ours: it may say what it likes
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),  # the visitor's own lie comes first
        ("127.0.0.1", ["203.0.113.9", "198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("127.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("127.0.0.1", ['"[2001:db8:1:2::9]:4711"'], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", [], "2001:db8:1:2::/64"),
        ("127.0.0.1", [], ""),
        ("::1", [], ""),
        ("127.0.0.1", ["unknown"], ""),
        ("10.1.2.3", ["garbage, , ,"], "10.1.2.3"),
        (None, ["198.51.100.7"], ""),
        ("127.0.0.1", [", ".join(["198.51.100.7"] + ["10.0.0.1"] * 5000)], "10.0.0.1"),
    ],
)
def test_who_is_counted(peer: str | None, forwarded: list[str], sender: str) -> None:
    assert Addresses(["127.0.0.1", "::1", "10.0.0.0/8"]).sender(peer, forwarded) == sender


def test_this_machine_itself_is_not_limited() -> None:
    limit = AddressLimit(1, Clock())
    for _ in range(5):
        limit.count("")
