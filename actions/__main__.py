"""`python -m actions`: serves the actions on the address of the setting `dialogue.actions_url`."""

from __future__ import annotations

import sys

from aiohttp import web

from actions.server import build_app, build_executor
from bot.errors import GuichetError
from bot.processes import actions_address
from bot.settings import settings


def main() -> None:
    """Ends with one sentence and the error's status when data/ or the settings cannot be used."""
    try:
        host, port = actions_address(settings())
        app = build_app(build_executor())
    except GuichetError as error:
        print(f"guichet: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    web.run_app(app, host=host, port=port, access_log=None, print=lambda *_: None)


if __name__ == "__main__":
    main()
