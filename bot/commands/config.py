"""`guichet config`: every setting, its value and its meaning."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import typer

from bot.commands.packs import PackOption, settings_for
from bot.settings import describe, settings_file


def config_command(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    pack: PackOption = None,
) -> None:
    """Print every setting with its value and meaning. Secrets are shown as stars."""
    for setting in describe(settings_for(pack)):
        if json:
            line = {"name": setting.name, "variable": setting.variable, "value": setting.value}
            print(
                json_format.dumps(line | {"default": setting.default, "meaning": setting.meaning}, ensure_ascii=False)
            )
            continue
        changed = "" if setting.value == setting.default else f"   (default {setting.default or 'empty'})"
        print(f"{setting.name} = {setting.value or '(empty)'}{changed}\n    {setting.meaning}\n    {setting.variable}")
    if not json:
        path = settings_file()
        print(f"\nRead from {path}{'' if path.exists() else ' (absent: defaults)'} and the environment.")
