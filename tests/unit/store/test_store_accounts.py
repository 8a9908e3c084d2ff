"""Accounts, sessions and sign-ins under way, in the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.accounts.roles import Role
from bot.errors import Conflict
from bot.store import Store
from bot.store.account_records import UserRecord
from tests.unit.store.conftest import Clock


async def person(store: Store, login: str = "marie", **values: object) -> UserRecord:
    return await store.add_user(login, "Marie", Role.AGENT, password_hash="hash", **values)  # type: ignore[arg-type]


async def test_an_account_comes_back_as_it_was_put_in(store: Store, clock: Clock) -> None:
    made = await person(store, teams=["etat_civil"], skills=["en"], oidc=("https://idp.example", "s1"))
    assert await store.user(made.id) == await store.user_by_login("marie") == made
    assert await store.user_by_subject("https://idp.example", "s1") == made
    assert await store.user_by_subject("https://other.example", "s1") is None
    assert (made.teams, made.skills, made.created_at) == (("etat_civil",), ("en",), clock.time)
    assert await store.users() == [made]


async def test_of_two_that_add_the_same_name_one_is_told(store: Store, url: str) -> None:
    other = await Store.open(url)
    results = await asyncio.gather(person(store), person(other), return_exceptions=True)
    await other.close()
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "UserRecord"]


async def test_a_subject_belongs_to_one_account(store: Store) -> None:
    await person(store, oidc=("https://idp.example", "s1"))
    with pytest.raises(Conflict):
        await person(store, "jean", oidc=("https://idp.example", "s1"))


async def test_what_was_stored_is_not_in_a_representation(store: Store) -> None:
    made = await person(store)
    session = await store.open_session(made, "d" * 64, method="password", client="Firefox")
    assert "marie" not in repr(made).lower()
    assert "Firefox" not in repr(session)


async def test_removing_an_account_removes_its_sessions(store: Store) -> None:
    made = await person(store)
    await store.open_session(made, "d" * 64, method="password", client="")
    assert await store.session_by_digest("d" * 64) is not None
    assert await store.remove_user(made.id)
    assert await store.session_by_digest("d" * 64) is None
    assert not await store.remove_user(made.id)


async def test_sessions_end_by_their_owner_only(store: Store) -> None:
    marie, jean = await person(store), await person(store, "jean")
    session = await store.open_session(marie, "d" * 64, method="password", client="")
    assert session is not None
    assert not await store.end_session(session.id, user_id=jean.id)
    assert [one.id for one in await store.sessions_of(marie.id)] == [session.id]
    assert await store.end_session(session.id, user_id=marie.id)
    assert not await store.end_session(session.id)


async def test_what_is_over_is_purged(store: Store, clock: Clock) -> None:
    made = await person(store)
    old = await store.open_session(made, "a" * 64, method="password", client="")
    await store.keep_oidc_login("s" * 64, browser="b", nonce="n", verifier="v")
    clock.pass_days(1)
    new = await store.open_session(made, "b" * 64, method="password", client="")
    assert old is not None
    assert new is not None
    since = clock.time - timedelta(hours=1)
    alive = await store.sessions_alive({old.id, new.id, "unknown"}, used_since=since, opened_since=since)
    assert alive == {new.id}
    await store.purge_sessions(used_since=since, opened_since=since, logins_since=since)
    assert [one.id for one in await store.sessions_of(made.id)] == [new.id]
    assert await store.take_oidc_login("s" * 64) is None


async def test_a_sign_in_under_way_comes_back_once(store: Store, url: str, clock: Clock) -> None:
    await store.keep_oidc_login("s" * 64, browser="b", nonce="n", verifier="v")
    other = await Store.open(url)
    taken = await asyncio.gather(store.take_oidc_login("s" * 64), other.take_oidc_login("s" * 64))
    await other.close()
    found = [one for one in taken if one is not None]
    assert [(one.browser, one.nonce, one.verifier, one.started_at) for one in found] == [("b", "n", "v", clock.time)]


async def test_a_step_is_used_once_and_never_an_earlier_one(store: Store) -> None:
    made = await person(store)
    assert [await store.use_totp_step(made.id, step) for step in (10, 10, 9, 11)] == [True, False, False, True]
