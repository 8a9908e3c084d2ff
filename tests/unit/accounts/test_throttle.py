"""How long tries must wait."""

from __future__ import annotations

from bot.accounts.throttle import ACCOUNT, FORGOTTEN_AFTER_SECONDS, Throttle


def fail(throttle: Throttle, times: int, *, login: str = "marie", address: str = "", now: float = 0) -> None:
    for _ in range(times):
        throttle.begin(login, address, now)


def test_a_few_mistakes_cost_nothing_and_more_cost_ever_more() -> None:
    throttle = Throttle()
    fail(throttle, 4)
    assert throttle.wait_seconds("marie", "", 0) == 0
    waits = []
    for _ in range(4):
        fail(throttle, 1)
        waits.append(throttle.wait_seconds("marie", "", 0))
    assert waits == [10, 20, 40, 80]
    assert throttle.wait_seconds("marie", "", 79) == 1
    assert throttle.wait_seconds("marie", "", 80) == 0


def test_nobody_is_locked_out_for_long_whatever_others_try() -> None:
    throttle = Throttle()
    fail(throttle, 5000)
    assert throttle.wait_seconds("marie", "", 0) == ACCOUNT.most_seconds <= 300
    assert throttle.wait_seconds("marie", "", FORGOTTEN_AFTER_SECONDS) == 0


def test_who_fails_on_purpose_does_not_keep_the_person_out_of_where_they_usually_are() -> None:
    throttle = Throttle()
    throttle.begin("marie", "192.0.2.1", 0)
    throttle.succeeded("marie", "192.0.2.1")
    fail(throttle, 5000, address="198.51.100.7")
    assert throttle.wait_seconds("marie", "192.0.2.1", 0) == 0
    assert throttle.wait_seconds("marie", "192.0.2.9", 0) == 300
    fail(throttle, 5, address="192.0.2.1")
    assert throttle.wait_seconds("marie", "192.0.2.1", 0) == 10


def test_other_names_do_not_wait() -> None:
    throttle = Throttle()
    fail(throttle, 50)
    assert throttle.wait_seconds("jean", "", 0) == 0


def test_an_address_that_tries_many_names_is_slowed_softly() -> None:
    throttle = Throttle()
    for number in range(29):
        fail(throttle, 1, login=f"name{number}", address="192.0.2.1")
    assert throttle.wait_seconds("jean", "192.0.2.1", 0) == 0
    for number in range(200):
        fail(throttle, 1, login=f"other{number}", address="192.0.2.1")
    assert 0 < throttle.wait_seconds("jean", "192.0.2.1", 0) <= 15
    assert throttle.wait_seconds("jean", "192.0.2.2", 0) == 0


def test_success_clears_the_account_but_not_what_the_address_did_before() -> None:
    throttle = Throttle()
    for number in range(40):
        fail(throttle, 1, login=f"name{number}", address="192.0.2.1")
    fail(throttle, 5, address="192.0.2.1")
    throttle.succeeded("marie", "192.0.2.1")
    assert throttle.wait_seconds("marie", "", 0) == 0
    assert throttle.wait_seconds("marie", "192.0.2.1", 0) > 0


def test_what_is_taken_back_leaves_earlier_failures() -> None:
    throttle = Throttle()
    fail(throttle, 6)
    throttle.take_back("marie", "")
    assert throttle.wait_seconds("marie", "", 0) == 10


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(11_000):
        fail(throttle, 1, login=f"name{number}")
    assert len(throttle._tries) == 10_000
