"""`GET /metrics` for Prometheus, with the metrics token. The route is there only after `add_metrics`.

A token of its own rather than the desk's, which opens conversations; and rather than an address, since behind a proxy
everybody comes from the loopback.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from bot.metrics import CONTENT_TYPE, Metrics
from bot.web.api import bearer
from bot.web.errors import failure
from bot.web.keys import HEALTH, METRICS, METRICS_TOKEN

routes = web.RouteTableDef()


@routes.get("/metrics")
async def figures(request: web.Request) -> web.Response:
    if not hmac.compare_digest(bearer(request).encode(), request.app[METRICS_TOKEN].encode()):
        return failure(401, "unauthorized", "needs the metrics token: Authorization: Bearer …")
    metrics = request.app[METRICS]
    metrics.parts_are(await request.app[HEALTH].parts())
    return web.Response(body=metrics.page(), headers={"Content-Type": CONTENT_TYPE})


def add_metrics(app: web.Application, metrics: Metrics, token: str) -> None:
    """Serves the figures to whoever holds `token`."""
    app[METRICS], app[METRICS_TOKEN] = metrics, token
    app.add_routes(routes)
