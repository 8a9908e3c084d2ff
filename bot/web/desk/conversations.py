"""A conversation with the bot's view, what agents write in it, what they may insert, and the search of past ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from bot.accounts.roles import Permission
from bot.desk import history, views
from bot.desk.refusals import NotThere
from bot.errors import BadMessage, UnknownConversation
from bot.knowledge import Kind
from bot.store.desk_records import Verdict
from bot.store.past import Sought
from bot.web.desk.common import (
    agent_of,
    audited,
    body_of,
    desk_of,
    flag_in,
    for_agents,
    number_in,
    overview_of,
    text_in,
)
from bot.web.desk.requests import judgement_in
from bot.web.frames import client_id_of
from bot.web.keys import ANSWERS, CALL_PHASE, CONSOLES

routes = web.RouteTableDef()

_SHOWN = 30
_SHOWN_MAX = 200
_WORDS_CHARS = 200
_DAYS_MAX = 366


@routes.get("/api/desk/conversations")
@for_agents(Permission.READ)
async def past(request: web.Request) -> web.Response:
    query = request.query
    limit = number_in(query.get("limit", str(_SHOWN)), "limit", 1, _SHOWN_MAX)
    sought, words = sought_in(query)
    await audited(request, "conversations.search", "desk:search")
    return web.json_response(await history.search(desk_of(request), sought, words, limit, query.get("before", "")))


def sought_in(query: Mapping[str, str]) -> tuple[Sought, str]:
    """The filter of an address, and the words. Raises `BadMessage`."""
    verdict, channel = query.get("verdict", ""), query.get("channel", "")
    if verdict and verdict not in set(Verdict):
        raise BadMessage("No such verdict.")
    sought = Sought(channel, query.get("agent", ""), verdict, query.get("handover", "") == "1")
    return sought, query.get("q", "")[:_WORDS_CHARS]


@routes.get("/api/desk/conversations/{id}")
@for_agents(Permission.READ)
async def one(request: web.Request) -> web.Response:
    conversation_id = request.match_info["id"]
    await audited(request, "conversation.read", f"conversation:{conversation_id}")
    phase = request.app[CALL_PHASE](conversation_id)
    return web.json_response(await history.detail(desk_of(request), overview_of(request), conversation_id, phase))


@routes.post("/api/desk/conversations/{id}/messages")
@for_agents(Permission.TAKE)
async def say(request: web.Request) -> web.Response:
    body = await body_of(request)
    client_id, text = client_id_of(body), text_in(body, "text")
    number = await desk_of(request).say(request.match_info["id"], agent_of(request), client_id, text)
    return web.json_response({"seq": number})


@routes.post("/api/desk/conversations/{id}/typing")
@for_agents(Permission.TAKE)
async def typing(request: web.Request) -> web.Response:
    is_on = flag_in(await body_of(request), "on")
    await desk_of(request).typing(request.match_info["id"], agent_of(request), is_on)
    return web.Response(status=204)


@routes.post("/api/desk/conversations/{id}/notes")
@for_agents(Permission.TAKE)
async def note(request: web.Request) -> web.Response:
    text = text_in(await body_of(request), "text")
    conversation_id = request.match_info["id"]
    made = views.note_json(await desk_of(request).add_note(conversation_id, agent_of(request), text))
    frame = {"type": "note", "conversation_id": conversation_id, "note": made}
    request.app[CONSOLES].tell_viewers(conversation_id, frame)
    return web.json_response(made, status=201)


@routes.post("/api/desk/conversations/{id}/annotations")
@for_agents(Permission.ANNOTATE)
async def annotate(request: web.Request) -> web.Response:
    judgement = judgement_in(await body_of(request))
    made = await desk_of(request).annotate(request.match_info["id"], agent_of(request), judgement)
    return web.json_response(views.annotation_json(made), status=201)


@routes.get("/api/desk/conversations/{id}/suggestions")
@for_agents(Permission.TAKE)
async def suggestions(request: web.Request) -> web.Response:
    desk, conversation_id = desk_of(request), request.match_info["id"]
    conversation = await desk.store.conversation(conversation_id)
    if conversation is None:
        raise NotThere("unknown_conversation")
    turn = next((one for one in reversed(conversation.turns) if one.heard and not one.key), None)
    words, ranking = (turn.heard, turn.ranking) if turn else ("", ())
    if desk.visitors is not None:
        try:
            log = await desk.visitors.messages(conversation_id)
        except UnknownConversation:
            log = []
        said = next((str(one["text"]) for one in reversed(log) if one.get("type") == "person"), words)
        if turn is None or said != words:  # said to the agent: the bot has not ranked it
            buttons = {one.heard for one in conversation.turns if one.key}
            words, ranking = (words, ranking) if said in buttons else (said, ())
    found = await asyncio.to_thread(request.app[ANSWERS].for_words, ranking, words)
    return web.json_response({"suggestions": [views.suggestion_json(one) for one in found]})


@routes.get("/api/desk/answers")
@for_agents(Permission.TAKE)
async def answers(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(request.app[ANSWERS].search, request.query.get("q", "")[:_WORDS_CHARS], 20)
    return web.json_response({"suggestions": [views.suggestion_json(one) for one in found]})


@routes.get("/api/desk/canned")
@for_agents(Permission.TAKE)
async def canned(request: web.Request) -> web.Response:
    desk = desk_of(request)
    texts = desk.texts.canned_for(agent_of(request).name, tuple(desk.hours.lines("fr", now=desk.clock())))
    return web.json_response({"canned": [{"id": one.id, "title": one.title, "text": one.text} for one in texts]})


@routes.get("/api/desk/subjects")
@for_agents(Permission.READ)
async def subjects(request: web.Request) -> web.Response:
    shown = [
        {"intent": one.intent, "title": one.title, "theme": one.theme}
        for one in desk_of(request).knowledge.values()
        if one.kind is not Kind.PERSON
    ]
    return web.json_response({"subjects": shown})


@routes.get("/api/desk/figures")
@for_agents(Permission.REPORTS)
async def figures(request: web.Request) -> web.Response:
    days = number_in(request.query.get("days", "7"), "days", 1, _DAYS_MAX)
    return web.json_response(await history.figures(desk_of(request), days))
