"""The option `--pack`, shared by the commands that work on one service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings, load_settings

PackOption = Annotated[
    Path | None,
    typer.Option("--pack", metavar="DIR", help="The service's pack, when it is not the one of the settings."),
]


def settings_for(pack: Path | None) -> Settings:
    """The settings with the pack of the command line, relative to where one is, as paths of a shell are.

    The choice goes through the environment, so that the processes that this one starts make it too.
    """
    if pack is not None:
        os.environ["GUICHET_PACK"] = str(pack.resolve())
    return load_settings()
