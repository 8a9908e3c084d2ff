"""`guichet train` and `guichet evaluate nlu`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.packs import PackOption, settings_for
from bot.errors import BadSettings
from bot.evaluation import Judged, Scores, confusions, read_labelled
from bot.knowledge import load_knowledge
from bot.training import judge, train

WORST = 10


def train_command(
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Do nothing when nothing has changed.")] = False,
    regression: Annotated[
        Path | None, typer.Option(help="Labelled questions the model must pass, other than the pack's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    pack: PackOption = None,
) -> None:
    """Train the understanding, judge it, and put it in service or refuse it (exit status 1)."""
    result = train(settings_for(pack), if_changed=if_changed, regression=regression, progress=_to_stderr)
    if as_json:
        print(json.dumps(asdict(result)))
    elif result.reason == "unchanged":
        print("Nothing has changed since the model in service was trained.")
    else:
        if result.scores:
            print(_sentence(result.scores))
        if result.promoted:
            print("The new model is in place; a running service uses it once its dialogue is restarted.")
    if result.refused:
        print(f"guichet: the new model is refused, the old one stays: {result.reason}", file=sys.stderr)
        raise typer.Exit(1)


def evaluate_nlu_command(
    file: Annotated[Path, typer.Argument(help="Questions: question<TAB>intent, with that header line.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
    model: Annotated[Path | None, typer.Option(help="Another model than the one in service.")] = None,
    confusion_file: Annotated[
        Path | None, typer.Option("--confusions", help="Also write every question that was not answered directly.")
    ] = None,
    pack: PackOption = None,
) -> None:
    """Score the understanding on labelled questions."""
    settings = settings_for(pack)
    questions = read_labelled(file, load_knowledge(settings.load_pack()))
    judged, _ = judge(settings, model or settings.dialogue_model_path, questions)
    scores = Scores.of(judged)
    if confusion_file is not None:
        _write_confusions(confusion_file, judged)
    if as_json:
        print(json.dumps(asdict(scores)))
        return
    print(_sentence(scores))
    for asked, got, count in confusions(judged)[:WORST]:
        print(f"{count:4d}  asked {asked}, got {got}")


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _sentence(scores: Scores) -> str:
    parts = [
        f"{scores.n} questions: {scores.served:.1%} served, {scores.direct:.1%} direct, "
        f"{scores.wrong:.1%} wrong, {scores.refused:.1%} refused."
    ]
    if scores.ours_served is not None and scores.ours_direct is not None:
        parts.append(f"In scope: {scores.ours_served:.1%} served, {scores.ours_direct:.1%} direct.")
    if scores.foreign_refused is not None:
        parts.append(f"Foreign: {scores.foreign_refused:.1%} refused.")
    return " ".join(parts)


def _write_confusions(path: Path, judged: list[Judged]) -> None:
    lines = ["question\tasked\tdone\tsubjects"]
    lines += [
        "\t".join((one.labelled.question, "+".join(one.labelled.intents), one.kind, " ".join(one.subjects)))
        for one in judged
        if not one.direct
    ]
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}.") from None
