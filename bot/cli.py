"""`guichet …`: each command is a module of `bot/commands/`, imported only when it is the one that is called.

Exit status 0 when done, 1 when what was measured fell short or a part is unavailable, 2 when used
wrongly or misconfigured; then one sentence on standard error says what to do.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from bot.errors import GuichetError

# name: (module of bot.commands, its function or Typer application, help in one line)
COMMANDS = {
    "serve": ("serve", "serve_command", "Serve the chat page, the API and the telephone line."),
    "ask": ("ask", "ask_command", "Ask typed questions and print the answers with their sources."),
    "call": ("call", "call_command", "Place a real call, play recordings, tell what was heard and answered."),
    "calls": ("calls", "calls_app", "List the calls, read one from beginning to end, have it explained."),
    "transcribe": ("speech", "transcribe_command", "Write down what is said in sound files."),
    "say": ("speech", "say_command", "Speak a text into a WAV file."),
    "train": ("nlu", "train_command", "Train the understanding, judge it, and promote or refuse it."),
    "evaluate": ("evaluate", "evaluate_app", "Measure understanding and recognition on labelled files."),
    "bench": ("bench", "bench_app", "Measure speed on this machine."),
    "models": ("speech", "models_app", "Recognisers: list, verify, install."),
    "voices": ("speech", "voices_app", "Voices: list, verify, install."),
    "users": ("users", "users_app", "Accounts of those who work at the desk: add, list, change, remove."),
    "audit": ("audit", "audit_app", "Who saw, took, exported or erased what: list, verify, prune."),
    "config": ("config", "config_command", "Print every setting with its value and meaning."),
    "doctor": ("doctor", "doctor_command", "Find what is wrong with this installation."),
}


class Commands(TyperGroup):
    """Lists every command without importing any of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        target = getattr(importlib.import_module(f"bot.commands.{module}"), attribute)
        if not isinstance(target, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(target)
            target = single
        command = typer.main.get_command(target)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        width = max(map(len, COMMANDS))
        typer.echo(f"Usage: guichet COMMAND …\n\n{app.info.help}\n")
        for name, (_, _, text) in COMMANDS.items():
            typer.echo(f"  {name:{width}}  {text}")
        typer.echo("\n`guichet COMMAND --help` explains one. Settings: `guichet config`. Faults: `guichet doctor`.")


app = typer.Typer(
    cls=Commands,
    help="Guichet answers recurrent questions in French, by telephone and by chat, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Guichet."""


def main() -> None:
    """The entry point: errors become one sentence and an exit status."""
    try:
        app()
    except GuichetError as error:
        print(f"guichet: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
