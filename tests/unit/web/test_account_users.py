"""What administrators see and change of others' accounts, and who reads and verifies the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from sqlalchemy import text

from bot.accounts.roles import Role
from bot.accounts.service import Accounts
from bot.store import Store
from tests.unit.accounts.people import OTHER_PASSWORD, PASSWORD
from tests.unit.web.test_accounts import (  # noqa: F401  (fixtures)
    DESK,
    Window,
    accounts,
    add,
    client,
    code_of,
    store,
)

Client = TestClient[web.Request, web.Application]
Add = Callable[..., Awaitable[str]]


@pytest.fixture
async def boss(client: Client, add: Add) -> Window:  # noqa: F811
    await add("boss", Role.ADMINISTRATOR)
    window = Window(client)
    await window.sign_in("boss")
    return window


async def listed(boss: Window) -> dict[str, dict[str, Any]]:
    users = (await (await boss("GET", "/api/accounts/users")).json())["users"]
    return {user["login"]: user for user in users}


async def test_the_list_tells_when_each_last_signed_in_and_in_how_many_browsers(
    client: Client,  # noqa: F811
    boss: Window,
    add: Add,  # noqa: F811
) -> None:
    await add("marie")
    await add("jean")
    for _ in range(2):
        await Window(client).sign_in()
    users = await listed(boss)
    assert {login: user["sessions"] for login, user in users.items()} == {"boss": 1, "marie": 2, "jean": 0}
    assert users["jean"]["signed_in_at"] is None
    assert users["marie"]["signed_in_at"] > users["boss"]["signed_in_at"]
    assert not {"password_hash", "totp_secret", "password"} & users["marie"].keys()


async def test_a_persons_browsers_are_listed_and_all_of_them_ended(
    client: Client,  # noqa: F811
    boss: Window,
    add: Add,  # noqa: F811
) -> None:
    path = f"/api/accounts/users/{await add('marie')}/sessions"
    marie = Window(client)
    await marie.sign_in()
    [browser] = (await (await boss("GET", path)).json())["sessions"]
    assert browser["method"] == "password"
    assert set(browser) == {"id", "created_at", "used_at", "method", "client"}
    assert await code_of(await marie("GET", path)) == "forbidden"
    assert (await boss("DELETE", path)).status == 204
    assert (await marie("GET", "/api/accounts/me")).status == 401
    assert (await (await boss("GET", path)).json())["sessions"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "king"}, {"role": None}, {"disabled": "yes"}, {"disabled": 1}, {"teams": "ccas"}, {"totp": True},
        {"teams": ["Not A Code"]}, {"password": "court"}, {"password": 3},
        {"password": OTHER_PASSWORD, "teams": ["Not A Code"]}, {"password": OTHER_PASSWORD, "skills": ["é"]},
    ],
)  # fmt: skip
async def test_a_change_that_makes_no_sense_changes_nothing(
    boss: Window,
    add: Add,  # noqa: F811
    wrong: dict[str, Any],
) -> None:
    user_id = await add("marie")
    before = await listed(boss)
    response = await boss("PATCH", f"/api/accounts/users/{user_id}", {"name": "Autre", "skills": ["en"]} | wrong)
    assert response.status in (400, 422)
    assert await listed(boss) == before


async def test_a_disabled_account_stays_so_unless_it_is_plainly_enabled(
    boss: Window,
    add: Add,  # noqa: F811
) -> None:
    path = f"/api/accounts/users/{await add('marie')}"
    assert (await (await boss("PATCH", path, {"disabled": True})).json())["disabled_at"] is not None
    for unclear in (None, "false", 0):
        assert await code_of(await boss("PATCH", path, {"disabled": unclear})) == "bad_request"
    assert (await listed(boss))["marie"]["disabled_at"] is not None
    assert (await (await boss("PATCH", path, {"disabled": False})).json())["disabled_at"] is None


@pytest.mark.parametrize(
    "change", [{"password": OTHER_PASSWORD}, {"totp": False}, {"role": "agent"}, {"disabled": True}]
)
async def test_what_opens_ones_own_account_is_not_changed_without_its_password(
    client: Client,  # noqa: F811
    boss: Window,
    change: dict[str, Any],
) -> None:
    before = await listed(boss)
    path = f"/api/accounts/users/{before['boss']['id']}"
    refused = await boss("PATCH", path, {"name": "Autre", "teams": ["ccas"]} | change)
    assert (refused.status, await code_of(refused)) == (409, "own_account")
    assert await listed(boss) == before
    assert (await Window(client).sign_in("boss")).status == 200
    own = await (await boss("PATCH", path, {"name": "Autre", "teams": ["ccas"]})).json()
    assert (own["name"], own["teams"]) == ("Autre", ["ccas"])


async def test_the_last_administrator_is_kept_whoever_asks(
    client: Client,  # noqa: F811
    boss: Window,
    add: Add,  # noqa: F811
    accounts: Accounts,  # noqa: F811
) -> None:
    boss_id = (await listed(boss))["boss"]["id"]
    for change in ({"role": "agent"}, {"disabled": True}, {"role": "agent", "name": "Moi"}):
        assert await code_of(await boss("PATCH", f"/api/accounts/users/{boss_id}", change)) == "own_account"
    # Another one, whose own rights are taken away while the request is under way.
    other_id = await add("other", Role.ADMINISTRATOR)
    other = Window(client)
    await other.sign_in("other")
    original = accounts.user

    async def late(user_id: str) -> Any:
        found = await original(user_id)
        if user_id == boss_id:
            await accounts.store.change_user(other_id, {"role": "agent"}, end_sessions=True)
        return found

    accounts.user = late  # type: ignore[method-assign]
    refused = await other("PATCH", f"/api/accounts/users/{boss_id}", {"role": "agent"})
    assert await code_of(refused) == "last_administrator"
    assert (await listed(boss))["boss"]["role"] == "administrator"


async def test_every_change_of_an_account_is_written_down_and_ends_its_sessions_where_rights_change(
    client: Client,  # noqa: F811
    boss: Window,
    add: Add,  # noqa: F811
) -> None:
    user_id = await add("marie")
    path = f"/api/accounts/users/{user_id}"
    password = PASSWORD
    for change, action, ends in (
        ({"name": "Marie"}, "account.renamed", False),
        ({"teams": ["ccas"]}, "account.assigned", False),
        ({"role": "editor"}, "account.role_changed", True),
        ({"totp": False}, "account.totp_reset", True),
        ({"password": OTHER_PASSWORD}, "account.password_changed", True),
        ({"disabled": True}, "account.disabled", True),
    ):
        marie = Window(client)
        await marie.sign_in(password=password)
        assert (await boss("PATCH", path, change)).status == 200
        assert (await marie("GET", "/api/accounts/me")).status == (401 if ends else 200), change
        [entry, *_] = (await (await boss("GET", f"/api/audit?subject=user:{user_id}")).json())["entries"]
        assert entry["action"] == action
        password = change.get("password", password)
    assert (await listed(boss))["marie"]["must_change_password"] is True


# -- the audit log --


async def test_the_log_is_filtered_by_what_was_done_and_names_who_is_still_there(
    boss: Window,
    add: Add,  # noqa: F811
) -> None:
    marie_id, jean_id = await add("marie"), await add("jean")
    await boss("DELETE", f"/api/accounts/users/{jean_id}")
    page = await (await boss("GET", "/api/audit?action=account.added")).json()
    assert [entry["subject"] for entry in page["entries"][:2]] == [f"user:{jean_id}", f"user:{marie_id}"]
    assert {entry["action"] for entry in page["entries"]} == {"account.added"}
    assert page["people"][f"user:{marie_id}"] == "marie"
    assert f"user:{jean_id}" not in page["people"]
    assert (await (await boss("GET", "/api/audit?action=account.%25")).json())["entries"] == []
    assert len((await (await boss("GET", "/api/audit?action=account.")).json())["entries"]) > 3


async def test_the_log_is_verified_on_demand_and_a_changed_line_is_found(
    boss: Window,
    store: Store,  # noqa: F811
) -> None:
    good = await (await boss("POST", "/api/audit/verify")).json()
    assert good["fault"] is None
    assert good["head"].startswith(f"{good['entries']}:")
    [entry, *_] = (await (await boss("GET", "/api/audit")).json())["entries"]
    assert (entry["action"], entry["detail"]) == ("audit.verified", {"good": True})
    async with store._writing() as session:
        names = await session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (name,) in names.all():
            await session.execute(text(f"DROP TRIGGER {name}"))
        await session.execute(text("UPDATE audit_entries SET actor = 'user:evil' WHERE number = 1"))
    broken = await (await boss("POST", "/api/audit/verify")).json()
    assert broken["fault"] == {"number": 1, "reason": "changed"}


@pytest.mark.parametrize("role", [Role.AGENT, Role.EDITOR])
async def test_others_neither_read_nor_verify_it(
    client: Client,  # noqa: F811
    add: Add,  # noqa: F811
    role: Role,
) -> None:
    await add("marie", role)
    window = Window(client)
    await window.sign_in()
    assert await code_of(await window("GET", "/api/audit")) == "forbidden"
    assert await code_of(await window("POST", "/api/audit/verify")) == "forbidden"


async def test_verifying_needs_our_own_page_and_the_sessions_token(
    client: Client,  # noqa: F811
    boss: Window,
) -> None:
    csrf, boss.csrf = boss.csrf, ""
    assert await code_of(await boss("POST", "/api/audit/verify")) == "csrf"
    boss.csrf, boss.origin = csrf, "https://evil.example"
    assert await code_of(await boss("POST", "/api/audit/verify")) == "forbidden_origin"
    assert (await client.post("/api/audit/verify", headers=DESK)).status == 200
