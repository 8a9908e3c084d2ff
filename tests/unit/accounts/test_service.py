"""Signing in, second factors, and what ends a session: on a real store, with time that the test moves."""

from __future__ import annotations

import asyncio
from functools import partial

import pyotp
import pytest

from bot.accounts.passwords import Hasher
from bot.accounts.roles import Role
from bot.accounts.service import Accounts
from bot.accounts.sessions import SPARED, SignedIn
from bot.errors import Conflict, Forbidden, GuichetError, TooManyTries, Unauthorized, WeakPassword
from bot.store import Store
from bot.store.account_records import UserRecord
from tests.unit.accounts.people import CHEAP, OTHER_PASSWORD, PASSWORD, Clock, cheap_hasher, make_accounts

BY = "operator:cli"


async def person(accounts: Accounts, login: str = "marie", role: Role = Role.AGENT) -> UserRecord:
    return await accounts.add(login, login.title(), role, PASSWORD, by=BY, must_change=False)


async def refusal(accounts: Accounts, login: str, password: str, code: str = "", address: str = "") -> str:
    with pytest.raises(Unauthorized) as refused:
        await accounts.sign_in(login, password, code, address=address)
    return refused.value.code


async def enrolled(accounts: Accounts, found: SignedIn, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    secret = await accounts.begin_totp(found, PASSWORD)
    codes = await accounts.confirm_totp(found, code_now(pyotp.TOTP(secret), clock))
    clock.pass_time(seconds=30)
    return pyotp.TOTP(secret), codes


def code_now(totp: pyotp.TOTP, clock: Clock) -> str:
    return totp.at(clock.time)


async def actions(store: Store) -> list[str]:
    return [entry.action async for entry in store.audit_entries()]


async def test_a_person_signs_in_whatever_the_case_of_the_name(accounts: Accounts, store: Store) -> None:
    user = await person(accounts, "Marie@Mairie.example")
    token, found = await accounts.sign_in(" marie@mairie.EXAMPLE ", PASSWORD)
    assert found.user.id == user.id
    again = await accounts.sessions.find(token)
    assert again is not None
    assert (again.session.id, again.csrf) == (found.session.id, found.csrf)
    assert len(token) >= 43
    assert await actions(store) == ["account.added", "account.signed_in"]


async def test_unknown_disabled_and_passwordless_look_like_a_wrong_password(accounts: Accounts) -> None:
    user = await person(accounts)
    await accounts.add("nopass", "", Role.AGENT, None, by=BY, must_change=False)
    assert await refusal(accounts, "marie", "wrong password") == "wrong_login"
    assert await refusal(accounts, "nobody", PASSWORD) == "wrong_login"
    assert await refusal(accounts, "nopass", PASSWORD) == "wrong_login"
    assert await refusal(accounts, "nopass", "nobody's") == "wrong_login"
    await accounts.set_disabled(user, True, by=BY)
    assert await refusal(accounts, "marie", PASSWORD) == "wrong_login"


async def test_an_unknown_name_costs_one_hash_like_a_known_one(accounts: Accounts, store: Store) -> None:
    tried: list[str] = []

    class Counting(Hasher):
        def matches(self, kept: str, password: str) -> bool:
            tried.append(kept)
            return super().matches(kept, password)

    await person(accounts)
    hasher = accounts._hasher = Counting(**CHEAP, nobodys=cheap_hasher().nobodys)
    await refusal(accounts, "marie", "wrong password")
    await refusal(accounts, "nobody", "wrong password")
    assert len(set(tried)) == len(tried) == 2
    # Real hashes of the same parameters: the same work.
    assert [kept.startswith("$argon2id$") and not hasher.is_outgrown(kept) for kept in tried] == [True, True]


async def test_tries_are_slowed_and_the_right_password_waits_like_the_wrong_one(
    accounts: Accounts, clock: Clock
) -> None:
    await person(accounts)
    for _ in range(5):
        await refusal(accounts, "marie", "wrong password")
    with pytest.raises(TooManyTries) as slowed:
        await accounts.sign_in("MARIE", PASSWORD)
    clock.pass_time(seconds=slowed.value.wait_seconds)
    await accounts.sign_in("marie", PASSWORD)
    await refusal(accounts, "marie", "wrong password")  # counted from nought again


async def test_tries_made_at_the_same_time_all_count(accounts: Accounts) -> None:
    await person(accounts)
    tries = [accounts.sign_in("marie", f"wrong {number}") for number in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, TooManyTries) for result in results) == 5


async def test_a_hash_of_weaker_parameters_is_made_anew_at_sign_in(accounts: Accounts, store: Store) -> None:
    user = await person(accounts)
    accounts._hasher = Hasher(time_cost=2, memory_kib=16, lanes=1)
    token, _ = await accounts.sign_in("marie", PASSWORD)
    changed = await store.user(user.id)
    assert changed is not None
    assert changed.password_hash is not None
    assert "m=16,t=2" in changed.password_hash
    assert await accounts.sessions.find(token) is not None
    await accounts.sign_in("marie", PASSWORD)


async def test_a_session_ends_when_nothing_is_done_or_when_it_is_too_old(accounts: Accounts, clock: Clock) -> None:
    await person(accounts)
    token, _ = await accounts.sign_in("marie", PASSWORD)
    for _ in range(7):
        clock.pass_time(minutes=100)
        assert await accounts.sessions.find(token) is not None
    clock.pass_time(minutes=30)  # 12 h 10 after sign-in, used half an hour ago
    assert await accounts.sessions.find(token) is None
    token, _ = await accounts.sign_in("marie", PASSWORD)
    clock.pass_time(minutes=121)
    assert await accounts.sessions.find(token) is None


async def test_whatever_changes_a_persons_rights_ends_the_sessions_and_closes_the_sockets(
    accounts: Accounts, store: Store
) -> None:
    await person(accounts, "boss", Role.ADMINISTRATOR)

    async def after(change: str) -> bool:
        """Whether the session and its socket are gone."""
        user = await store.user_by_login("marie") or await person(accounts)
        token, found = await accounts.sign_in("marie", PASSWORD)
        closed = asyncio.Event()

        async def close() -> None:
            closed.set()

        accounts.sessions.on_revoked(found.session.id, close)
        match change:
            case "role":
                await accounts.set_role(user, Role.EDITOR if user.role is Role.AGENT else Role.AGENT, by=BY)
            case "password":
                await accounts.set_password(user, PASSWORD, by=BY, must_change=False)
            case "disabled":
                await accounts.set_disabled(user, True, by=BY)
                await accounts.set_disabled(await accounts.user(user.id), False, by=BY)
            case "totp":
                await accounts.reset_totp(user, by=BY)
            case "signed out":
                await accounts.sign_out(found)
            case "all ended":
                await accounts.end_sessions(user, by=BY)
            case "removed":
                await accounts.remove(user, by=BY)
            case "name":
                await accounts.set_name(user, "Marie M.", by=BY)
        return closed.is_set() and await accounts.sessions.find(token) is None

    for change in ("role", "password", "disabled", "totp", "signed out", "all ended", "removed"):
        assert await after(change), change
    assert not await after("name")


async def test_a_change_made_by_another_process_closes_the_sockets_at_the_next_sweep(
    accounts: Accounts, store: Store, clock: Clock
) -> None:
    user = await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    closed: list[str] = []

    async def close() -> None:
        closed.append(found.session.id)

    async def broken() -> None:
        raise ConnectionResetError

    accounts.sessions.on_revoked(found.session.id, broken)
    accounts.sessions.on_revoked(found.session.id, close)
    forget = accounts.sessions.on_revoked(found.session.id, lambda: asyncio.sleep(0, closed.append("forgotten")))
    forget()
    await accounts.sessions.sweep()
    assert closed == []
    await make_accounts(store, clock).set_role(user, Role.EDITOR, by=BY)
    await accounts.sessions.sweep()
    await accounts.sessions.sweep()
    assert closed == [found.session.id]


async def test_a_session_cannot_be_opened_for_rights_that_have_just_changed(accounts: Accounts) -> None:
    user = await person(accounts)
    await accounts.set_role(user, Role.EDITOR, by=BY)
    with pytest.raises(Unauthorized):
        await accounts.opened(user, method="password", client="")


async def test_changing_ones_password_needs_it_and_ends_the_other_sessions(accounts: Accounts, clock: Clock) -> None:
    await person(accounts)
    elsewhere, _ = await accounts.sign_in("marie", PASSWORD)
    here, found = await accounts.sign_in("marie", PASSWORD)
    with pytest.raises(Unauthorized) as refused:
        await accounts.change_password(found, "wrong password", OTHER_PASSWORD)
    assert refused.value.code == "wrong_password"
    for weak in ("court", PASSWORD):
        with pytest.raises(WeakPassword):
            await accounts.change_password(found, PASSWORD, weak)
    renewed, _ = await accounts.change_password(found, PASSWORD, OTHER_PASSWORD)
    assert [await accounts.sessions.find(token) is not None for token in (elsewhere, here, renewed)] == [
        False,
        False,
        True,
    ]
    assert await refusal(accounts, "marie", PASSWORD) == "wrong_login"


async def test_the_window_in_which_the_password_is_changed_closes_once_its_new_cookie_has_arrived(
    accounts: Accounts, clock: Clock
) -> None:
    await person(accounts)
    _, elsewhere = await accounts.sign_in("marie", PASSWORD)
    _, here = await accounts.sign_in("marie", PASSWORD)
    closed: list[str] = []

    async def close(name: str) -> None:
        closed.append(name)

    accounts.sessions.on_revoked(elsewhere.session.id, partial(close, "elsewhere"))
    accounts.sessions.on_revoked(here.session.id, partial(close, "here"))
    await accounts.change_password(here, PASSWORD, OTHER_PASSWORD)
    assert closed == ["elsewhere"]
    await accounts.sessions.sweep()  # the watch, or whoever else signs out meanwhile
    assert closed == ["elsewhere"]
    clock.pass_time(seconds=SPARED.total_seconds())
    await accounts.sessions.sweep()
    assert closed == ["elsewhere", "here"]


async def test_a_session_left_open_does_not_give_endless_tries_at_the_password(accounts: Accounts) -> None:
    await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await accounts.begin_totp(found, "wrong password")
    with pytest.raises(TooManyTries):
        await accounts.begin_totp(found, PASSWORD)


async def test_a_second_factor_is_asked_once_it_is_confirmed(accounts: Accounts, clock: Clock) -> None:
    await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    secret = await accounts.begin_totp(found, PASSWORD)
    await accounts.sign_in("marie", PASSWORD)  # not yet
    with pytest.raises(Unauthorized):
        await accounts.confirm_totp(found, "000000")
    recovery = await accounts.confirm_totp(found, code_now(pyotp.TOTP(secret), clock))
    assert len(recovery) == 10
    assert await refusal(accounts, "marie", PASSWORD) == "totp_required"
    assert await refusal(accounts, "marie", PASSWORD, "000000") == "wrong_code"
    assert await refusal(accounts, "marie", "wrong password", "000000") == "wrong_login"
    clock.pass_time(seconds=30)
    _, again = await accounts.sign_in("marie", PASSWORD, code_now(pyotp.TOTP(secret), clock))
    assert again.session.method == "totp"


async def test_no_code_is_accepted_twice_not_even_the_one_of_the_enrolment(
    accounts: Accounts, store: Store, clock: Clock
) -> None:
    await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    secret = await accounts.begin_totp(found, PASSWORD)
    code = code_now(pyotp.TOTP(secret), clock)
    await accounts.confirm_totp(found, code)
    assert await refusal(accounts, "marie", PASSWORD, code) == "wrong_code"
    clock.pass_time(seconds=30)
    code = code_now(pyotp.TOTP(secret), clock)
    # Two gateways at the same moment: one wins.
    both = [accounts.sign_in("marie", PASSWORD, code), make_accounts(store, clock).sign_in("marie", PASSWORD, code)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(result, Unauthorized) for result in results) == [False, True]
    assert await refusal(accounts, "marie", PASSWORD, code) == "wrong_code"


async def test_asking_for_the_code_gives_no_more_tries_at_it(accounts: Accounts, clock: Clock) -> None:
    await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    await enrolled(accounts, found, clock)
    for _ in range(5):
        assert await refusal(accounts, "marie", PASSWORD, "000000") == "wrong_code"
        if _ < 4:
            assert await refusal(accounts, "marie", PASSWORD) == "totp_required"
    with pytest.raises(TooManyTries):
        await accounts.sign_in("marie", PASSWORD, "000000")


async def test_a_recovery_code_opens_once(accounts: Accounts, store: Store, clock: Clock) -> None:
    user = await person(accounts)
    _, found = await accounts.sign_in("marie", PASSWORD)
    _, codes = await enrolled(accounts, found, clock)
    _, again = await accounts.sign_in("marie", PASSWORD, codes[3].upper())
    assert again.session.method == "recovery"
    assert await refusal(accounts, "marie", PASSWORD, codes[3]) == "wrong_code"
    assert await store.recovery_codes_left(user.id) == 9
    assert "account.recovery_code_used" in await actions(store)


async def test_where_a_second_factor_is_required_nothing_else_can_be_done_first(store: Store, clock: Clock) -> None:
    accounts = make_accounts(store, clock, totp_required="administrators")
    await person(accounts)
    await person(accounts, "boss", Role.ADMINISTRATOR)
    _, agent = await accounts.sign_in("marie", PASSWORD)
    _, boss = await accounts.sign_in("boss", PASSWORD)
    assert (accounts.pending(agent), accounts.pending(boss)) == (None, "totp_to_enrol")
    totp, _ = await enrolled(accounts, boss, clock)
    _, boss = await accounts.sign_in("boss", PASSWORD, code_now(totp, clock))
    assert accounts.pending(boss) is None
    with pytest.raises(Forbidden):
        await accounts.disable_totp(boss, PASSWORD)


async def test_a_password_given_by_an_administrator_is_changed_first(accounts: Accounts) -> None:
    await accounts.add("jean", "", Role.AGENT, PASSWORD, by=BY, must_change=True)
    _, found = await accounts.sign_in("jean", PASSWORD)
    assert accounts.pending(found) == "password_to_change"
    _, found = await accounts.change_password(found, PASSWORD, OTHER_PASSWORD)
    assert accounts.pending(found) is None


async def test_an_administrator_always_remains(accounts: Accounts) -> None:
    boss = await person(accounts, "boss", Role.ADMINISTRATOR)
    for change in (
        accounts.set_role(boss, Role.AGENT, by=BY),
        accounts.set_disabled(boss, True, by=BY),
        accounts.remove(boss, by=BY),
    ):
        with pytest.raises(Conflict) as refused:
            await change
        assert refused.value.code == "last_administrator"
    other = await person(accounts, "other", Role.ADMINISTRATOR)
    both = [accounts.set_role(boss, Role.AGENT, by=BY), accounts.set_role(other, Role.AGENT, by=BY)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 1


@pytest.mark.parametrize("login", ["", "x", "marie martin", "a\nb", "x" * 255, "a\u0000b"])
async def test_a_name_nobody_could_type_is_refused(accounts: Accounts, login: str) -> None:
    with pytest.raises(Conflict) as refused:
        await person(accounts, login)
    assert refused.value.code == "login_invalid"


async def test_two_accounts_cannot_have_the_same_name(accounts: Accounts) -> None:
    await person(accounts, "Marie")
    with pytest.raises(Conflict) as refused:
        await person(accounts, "mARIE")
    assert refused.value.code == "login_taken"


async def test_passwords_can_be_switched_off(store: Store, clock: Clock) -> None:
    accounts = make_accounts(store, clock, passwords=False)
    await person(accounts)
    with pytest.raises(Forbidden):
        await accounts.sign_in("marie", PASSWORD)


async def test_neither_log_nor_errors_hold_a_name_or_a_secret(
    accounts: Accounts, store: Store, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    login = "marie.martin@mairie.example"
    await person(accounts, login)
    _, found = await accounts.sign_in(login, PASSWORD)
    totp, codes = await enrolled(accounts, found, clock)
    said: list[str] = []
    for password, code in (("wrong password", ""), (PASSWORD, ""), (PASSWORD, "000000")):
        try:
            await accounts.sign_in(login, password, code)
        except GuichetError as error:
            said.append(str(error))
    await accounts.remove(found.user, by=BY)
    written = [f"{entry}" async for entry in store.audit_entries()]
    everything = " ".join([*said, *written, repr(found), *capfd.readouterr()])
    for secret in (login, "martin", PASSWORD, totp.secret, codes[0], found.csrf, "wrong password", "Marie"):
        assert secret not in everything
