"""The action server: rasa-sdk's executor behind a small HTTP door on loopback.

rasa-sdk's own server listens on every interface, writes requests into its log and sends a failed request back
with everything the person said. This one speaks the same protocol without that.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

from aiohttp import web
from rasa_sdk.executor import ActionExecutor

from actions.registered import ACTIONS, replies

logger = logging.getLogger(__name__)

LONGEST_BODY = 4 * 1024 * 1024


def build_executor() -> ActionExecutor:
    """rasa-sdk's executor with our actions. Raises `BadKnowledge` when data/ cannot be used."""
    warnings.filterwarnings("ignore", module=r"rasa_sdk\..*")  # "versions might not be compatible", at every call
    replies()
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action)
    return executor


def build_app(executor: ActionExecutor) -> web.Application:
    """POST /webhook (Rasa's protocol), GET /health."""

    async def webhook(request: web.Request) -> web.Response:
        call: dict[str, Any] = await request.json()
        action = str(call.get("next_action", ""))
        if action not in executor.actions:
            return web.json_response({"error": "unknown_action", "action_name": action}, status=404)
        # No domain in the call is our own choice (endpoints.yml, selective_domain).
        call.setdefault("domain", {})
        try:
            result = await executor.run(call)
        except Exception as error:  # noqa: BLE001 - the supervisor of one call; its text stays out of the log
            logger.error("%s failed: %s.", action, type(error).__name__)
            return web.json_response({"error": "failed", "action_name": action}, status=500)
        return web.json_response(result.model_dump() if result else None)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=LONGEST_BODY)
    app.add_routes([web.post("/webhook", webhook), web.get("/health", health)])
    return app
