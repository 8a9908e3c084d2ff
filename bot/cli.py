"""`guichet …`: the commands of design contract, each in `bot/commands/`.

Exit status 0 when done, 1 when what was measured fell short or a part is unavailable, 2 when used
wrongly or misconfigured; then one sentence on standard error says what to do.
"""

from __future__ import annotations

import sys

import typer
from click.exceptions import Abort, ClickException, Exit

from bot.commands.ask import ask_command
from bot.commands.bench import bench_app
from bot.commands.call import call_command
from bot.commands.config import config_command
from bot.commands.doctor import doctor_command
from bot.commands.evaluate import evaluate_app
from bot.commands.nlu import train_command
from bot.commands.serve import serve_command
from bot.commands.speech import models_app, say_command, transcribe_command, voices_app
from bot.errors import GuichetError

app = typer.Typer(
    help="Guichet answers recurrent questions in French, by telephone and by chat, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve_command)
app.command("ask")(ask_command)
app.command("call")(call_command)
app.command("transcribe")(transcribe_command)
app.command("say")(say_command)
app.command("train")(train_command)
app.command("config")(config_command)
app.command("doctor")(doctor_command)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(bench_app, name="bench")
app.add_typer(models_app, name="models")
app.add_typer(voices_app, name="voices")


def main() -> None:
    """The entry point: errors become one sentence and an exit status."""
    try:
        app(standalone_mode=False)
    except GuichetError as error:
        print(f"guichet: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except Exit as done:
        sys.exit(done.exit_code)
    except ClickException as error:
        error.show()
        sys.exit(2)
    except (Abort, KeyboardInterrupt):
        sys.exit(130)
