"""The console's softphone: a browser's offer of sound for a call that its agent has taken, and the answer."""

from __future__ import annotations

from aiohttp import web

from bot.accounts.roles import Permission
from bot.errors import SoftphoneUnavailable
from bot.web.desk.common import agent_of, body_of, for_agents, text_in
from bot.web.keys import AGENT_CALLS

routes = web.RouteTableDef()


@routes.post("/api/desk/handovers/{id}/softphone")
@for_agents(Permission.TAKE)
async def softphone(request: web.Request) -> web.Response:
    sdp = text_in(await body_of(request), "sdp")
    if AGENT_CALLS not in request.app:
        raise SoftphoneUnavailable("No caller waits at this desk: desk.calls, or the telephone, is switched off.")
    answer = await request.app[AGENT_CALLS].softphone(request.match_info["id"], agent_of(request), sdp)
    return web.json_response({"sdp": answer})
