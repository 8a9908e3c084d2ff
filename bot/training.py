"""Training, and the gate before a model serves: a candidate that answers more wrongly is refused.

The candidate is trained aside, judged on the regression questions (those of the pack unless told otherwise) and
only then put in place in one step, its scores beside it. The old model stays until that moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bot.errors import BadKnowledge, GuichetError, Misconfigured, ModelMissing
from bot.evaluation import Judged, Labelled, Scores, read_labelled
from bot.knowledge import Knowledge, load_knowledge
from bot.pack import PACK_FILE, Pack, load_pack
from bot.processes import rasa_environment, rasa_python
from bot.rasa_files import domain_path, rules_path, sync_rasa_files, training_examples
from bot.settings import PROJECT_DIR, Settings

MOST_WRONG = 0.03
MAY_LOSE_DIRECT = 0.02

Progress = Callable[[str], None]


class TrainingFailed(GuichetError):
    """Rasa could not train; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What became of a training. `promoted` false with `reason` "unchanged" means there was nothing to do."""

    promoted: bool
    reason: str
    scores: Scores | None = None
    calibration: dict[str, Any] | None = None

    @property
    def refused(self) -> bool:
        return not self.promoted and self.reason != "unchanged"


def train(
    settings: Settings,
    *,
    if_changed: bool = False,
    regression: Path | None = None,
    progress: Progress = lambda _: None,
) -> TrainingResult:
    """Trains, judges, promotes or refuses. Raises `BadKnowledge`, `BadQuestions`, `TrainingFailed`."""
    pack = settings.load_pack()
    home = pack.home(settings.data_path)
    progress(f"Reading and checking {pack.nlu_dir}.")
    knowledge = load_knowledge(pack)
    standing = read_standing(settings)
    _check_place(pack, standing)
    questions_file = regression or pack.questions_file
    questions = read_labelled(questions_file, knowledge) if pack.is_own or questions_file.is_file() else []
    for name in sync_rasa_files(knowledge, pack, home):
        progress(f"{name} now lists the subjects of data/nlu.")
    fingerprint = training_fingerprint(settings, knowledge)
    if if_changed and standing.get("fingerprint") == fingerprint and settings.dialogue_model_path.is_file():
        return TrainingResult(False, "unchanged")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as aside:
        candidate = _train_candidate(settings, knowledge, Path(aside), progress)
        scores, calibration = None, None
        if questions:
            progress(f"Judging the candidate on {len(questions)} questions.")
            judged, calibration = judge(settings, candidate, questions)
            scores = Scores.of(judged)
            fault = shortcoming(scores, standing)
            if fault:
                return TrainingResult(False, fault, scores, calibration)
        else:
            progress(f"Nothing judges this model: write labelled questions in {questions_file} (docs/packs.md).")
        _promote(
            settings,
            candidate,
            {
                "fingerprint": fingerprint,
                "scores": asdict(scores) if scores else None,
                "regression": questions_file.name,
                "pack": str(pack.root),
            },
        )
    return TrainingResult(True, "promoted", scores, calibration)


def _check_place(pack: Pack, standing: dict[str, Any]) -> None:
    """Two packs of one name would take each other's model away; a pack that has moved takes its own along."""
    other = Path(standing.get("pack") or pack.root)
    if not pack.is_own and other != pack.root and (other / PACK_FILE).is_file() and load_pack(other).name == pack.name:
        raise BadKnowledge(
            f"{pack.root / PACK_FILE}, name: {other} is also called {pack.name}, and its model is in this data "
            "directory; give one of the two another name, or set data_dir."
        )


def shortcoming(scores: Scores, standing: dict[str, Any]) -> str:
    """Why a candidate may not serve, as a sentence; empty when it may. `standing` describes the promoted model."""
    if scores.wrong > MOST_WRONG:
        return f"{scores.wrong:.1%} of the regression questions are answered wrongly; at most {MOST_WRONG:.0%} may be."
    before = (standing.get("scores") or {}).get("direct")
    if before is not None and scores.direct < before - MAY_LOSE_DIRECT:
        return f"{scores.direct:.1%} are answered directly, the model in service answers {before:.1%}."
    return ""


def read_standing(settings: Settings) -> dict[str, Any]:
    """Fingerprint and scores of the promoted model; empty when there is none."""
    try:
        standing = json.loads(_standing_path(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return standing if isinstance(standing, dict) else {}


def training_fingerprint(settings: Settings, knowledge: Knowledge) -> str:
    """Changes with anything that training depends on. The wording of answers is not part of it: the action
    server reads that itself, and correcting an answer needs no training."""
    digest = hashlib.sha256(training_examples(knowledge).encode())
    pack = settings.load_pack()
    home = pack.home(settings.data_path)
    sources = [pack.config_file, domain_path(pack, home), rules_path(pack, home), PROJECT_DIR / "locks" / "rasa.txt"]
    for path in [*sources, *sorted((PROJECT_DIR / "bot" / "nlu").glob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class Heard(NamedTuple):
    """The recogniser's confidence in a text, and what else it may have been, each with its own."""

    confidence: float | None
    readings: Sequence[tuple[str, float]] = ()


def judge(
    settings: Settings, model: Path, questions: Sequence[Labelled], heard: Sequence[Heard | None] = ()
) -> tuple[list[Judged], dict[str, Any]]:
    """What the model does with each question, by the code that serves; and its calibration report. `heard`: for each
    how it was heard, None where it was typed; without it all were typed."""
    if not model.is_file():
        raise ModelMissing(f"There is no dialogue model at {model}: run `guichet train`.")
    typed: tuple[None, ...] = (None,) * len(questions)
    asked = zip(questions, heard or typed, strict=True)
    texts = json.dumps([(one.question, *(how or Heard(None))) for one, how in asked])
    done = subprocess.run(
        [str(_python(settings)), "-m", "bot.nlu.evaluate", str(model)],
        input=texts, capture_output=True, text=True, check=False, cwd=PROJECT_DIR, env=_environment(settings),
    )  # fmt: skip
    if done.returncode != 0:
        raise TrainingFailed(f"The model could not be judged: {_last_line(done.stderr)}")
    answer = json.loads(done.stdout)
    return [_judged(labelled, one) for labelled, one in zip(questions, answer["judged"], strict=True)], answer["report"]


def _judged(labelled: Labelled, one: dict[str, Any]) -> Judged:
    ranking = tuple((str(intent), float(p)) for intent, p in one["ranking"])
    return Judged(labelled, one["kind"], tuple(one["subjects"]), ranking)


def _train_candidate(settings: Settings, knowledge: Knowledge, aside: Path, progress: Progress) -> Path:
    examples = json.dumps([text for text, _ in knowledge.examples])
    progress(f"Embedding {len(knowledge.examples)} example questions (only new ones cost time).")
    _run(settings, ["-m", "bot.nlu.vectors"], progress, stdin=examples)
    pack = settings.load_pack()
    home = pack.home(settings.data_path)
    data = aside / "nlu.yml"
    data.write_text(training_examples(knowledge), encoding="utf-8")
    progress("Training and calibrating; about two minutes.")
    _run(
        settings,
        ["-m", "rasa", "train", "--force", "--config", str(pack.config_file), "--domain", str(domain_path(pack, home)),
         "--data", str(data), str(rules_path(pack, home)), "--out", str(aside), "--fixed-model-name", "candidate"],
        progress,
    )  # fmt: skip
    candidate = aside / "candidate.tar.gz"
    if not candidate.is_file():
        raise TrainingFailed("Rasa ended without a model.")
    return candidate


def _run(settings: Settings, arguments: Sequence[str], progress: Progress, stdin: str = "") -> None:
    """Runs Python of the Rasa environment; its lines that start with "guichet: " are progress."""
    process = subprocess.Popen(
        [str(_python(settings)), *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=PROJECT_DIR, env=_environment(settings),
    )  # fmt: skip
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(stdin)
        process.stdin.close()
        said = list(_reported(process.stdout, progress))
    except BaseException:
        process.kill()
        raise
    finally:
        status = process.wait()
    if status != 0:
        raise TrainingFailed(f"`{' '.join(arguments[:3])}` failed: {_last_line(''.join(said))}")


def _reported(lines: Iterable[str], progress: Progress) -> Iterable[str]:
    for line in lines:
        if line.startswith("guichet: "):
            progress(line.removeprefix("guichet: ").strip())
        else:
            yield line


def _promote(settings: Settings, candidate: Path, standing: dict[str, Any]) -> None:
    """First the model, then what is said of it: an interruption between the two only costs a training."""
    _standing_path(settings).unlink(missing_ok=True)
    candidate.replace(settings.dialogue_model_path)
    aside = candidate.with_suffix(".json")
    aside.write_text(json.dumps(standing, indent=2), encoding="utf-8")
    aside.replace(_standing_path(settings))


def _standing_path(settings: Settings) -> Path:
    return settings.dialogue_model_path.parent / "promoted.json"


def _python(settings: Settings) -> Path:
    python = rasa_python(settings)
    if shutil.which(python) is None:
        raise Misconfigured(f"There is no Rasa environment at {python}: run `make setup`, or set dialogue.rasa_python.")
    return python


def _environment(settings: Settings) -> dict[str, str]:
    """Training may use every core for its matrices; the encoder still has one thread."""
    return {**os.environ, **rasa_environment(settings), "OPENBLAS_NUM_THREADS": str(os.cpu_count() or 1)}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
