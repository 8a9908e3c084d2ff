"""`guichet evaluate`: how well the installed models understand, on labelled questions and recordings."""

from __future__ import annotations

import asyncio
import json as json_format
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from bot.commands.ask import ask_once
from bot.commands.nlu import evaluate_nlu_command
from bot.commands.packs import PackOption, settings_for
from bot.dialogue import Channel
from bot.errors import BadRequest
from bot.hearing import load_lexicon
from bot.running import running_service
from bot.settings import Settings

evaluate_app = typer.Typer(help="Measure understanding and recognition on labelled files.", no_args_is_help=True)
evaluate_app.command("nlu")(evaluate_nlu_command)

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of a manifest."""

    path: Path
    text: str
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Got:
    """What the service made of a recording; without plausible words, a refusal."""

    heard: str
    outcome: str = "abstained"
    answered: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()

    @classmethod
    def of(cls, heard: str, reply: Mapping[str, Any]) -> Got:
        """From the API's reply. A handover counts as the answer to "a person, please"."""
        answered = tuple(answer["id"] for answer in reply["answers"])
        if reply["outcome"] == "handover":
            answered = ("handover",)
        return cls(heard, reply["outcome"], answered, tuple(choice["intent"] for choice in reply["choices"]))


@dataclass(slots=True)
class Tally:
    """What was counted over all recordings."""

    n: int = 0
    served: int = 0
    direct: int = 0
    wrong: int = 0
    refused: int = 0
    word_errors: int = 0
    words: int = 0
    right_intents: int = 0

    def shares(self) -> dict[str, float]:
        """The contract's figures."""
        n = max(self.n, 1)
        return {
            "n": self.n,
            "served": round(self.served / n, 4),
            "direct": round(self.direct / n, 4),
            "wrong": round(self.wrong / n, 4),
            "refused": round(self.refused / n, 4),
            "wer": round(self.word_errors / max(self.words, 1), 4),
            "intent_accuracy": round(self.right_intents / n, 4),
        }


@evaluate_app.command("speech")
def evaluate_speech_command(
    manifest: Annotated[Path, typer.Argument(help="TSV with a header: path, text, intent; paths relative to it.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    pack: PackOption = None,
) -> None:
    """Transcribe labelled recordings, ask what was heard, and count word errors and right answers."""
    recordings = read_manifest(manifest)
    tally = asyncio.run(_evaluate(settings_for(pack), recordings))
    if json:
        print(json_format.dumps(tally.shares()))
        return
    for name, value in tally.shares().items():
        print(f"{name:16} {value if name == 'n' else f'{value:.1%}'}")


def read_manifest(path: Path) -> list[Recording]:
    """Raises `BadRequest` naming the line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read: {error}.") from None
    if not lines or [field.strip() for field in lines[0].split("\t")] != ["path", "text", "intent"]:
        raise BadRequest(f"{path} must begin with the header: path, text, intent, separated by tabs.")
    recordings = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise BadRequest(f"{path}, line {number}: {len(fields)} fields instead of 3, separated by tabs.")
        recordings.append(
            Recording(path.parent / fields[0].strip(), fields[1].strip(), tuple(fields[2].strip().split("+")))
        )
    if not recordings:
        raise BadRequest(f"{path} has no recording below its header.")
    return recordings


async def _evaluate(settings: Settings, recordings: Sequence[Recording]) -> Tally:
    from voice.audio import read_wav, resample
    from voice.engines import load_recogniser

    recogniser = load_recogniser(settings, load_lexicon(settings))
    tally = Tally()
    async with aiohttp.ClientSession() as session, running_service(session, settings) as url:
        for number, recording in enumerate(recordings, 1):
            samples, rate = read_wav(recording.path)
            samples = resample(samples, rate, 16000)
            hearing = await asyncio.to_thread(recogniser.hear, samples, len(samples) / 16000)
            heard = hearing.question if hearing.plausible else ""
            got = Got(heard)
            if heard:
                got = Got.of(heard, await ask_once(session, settings, url, heard, Channel.PHONE))
            count(tally, recording, got)
            if number % 10 == 0 and sys.stderr.isatty():
                print(f"\r{number}/{len(recordings)}", end="", file=sys.stderr, flush=True)
    return tally


def count(tally: Tally, recording: Recording, got: Got) -> None:
    """Adds one recording: served = answered rightly or offered; out of scope is served by a refusal."""
    tally.n += 1
    wanted = words_of(recording.text)
    tally.words += len(wanted)
    tally.word_errors += edit_distance(wanted, words_of(got.heard))
    refused = got.outcome == "abstained"
    tally.refused += refused
    if OUT_OF_SCOPE in recording.intents:
        right = refused
        tally.wrong += bool(got.answered) and not refused
        tally.served += refused or bool(got.offered)
    else:
        right = set(got.answered) == set(recording.intents)
        tally.wrong += bool(set(got.answered) - set(recording.intents))
        tally.served += right or bool(set(got.offered) & set(recording.intents))
    tally.direct += right
    tally.right_intents += right


def words_of(text: str) -> list[str]:
    """Words without case, accents and punctuation, as word error rates are counted."""
    folded = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[a-z0-9]+", "".join(c for c in folded if not unicodedata.combining(c)))


def edit_distance(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]
