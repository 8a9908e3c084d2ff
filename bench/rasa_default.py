"""Our understanding beside Rasa's default pipeline (DIET), both trained and served by the real Rasa.

Runs in the Rasa environment from the project's directory; with neither `--default` nor `--ours`, both sides:

    PYTHONPATH=. .venv-rasa/bin/python bench/rasa_default.py [QUESTIONS.tsv …] [--default] [--ours] [--work DIR]

Both sides learn the examples of `--nlu` from the same file by `rasa train nlu`, one thread, nothing cached (ours
embeds every example anew), and answer through Rasa's agent, each in a process of its own. Ours is then judged as it
serves, from `--our-model`. The processes take the questions in turn, so that a busy machine slows both alike.
A trained model is kept in `--work` and taken again from there. A side that is not asked for keeps its figures in
`--out`.

The default pipeline knows no classes that point elsewhere: `elsewhere_…` counts as `out_of_scope` when judging, as
ours counts it. Its fallback is a refusal. Scores are those of `bot.evaluation`; besides, `top_1` and `top_3` look at
the ranking alone, and `refused_at_95` is the share of foreign questions refused by a border on the own confidence
(DIET's best probability, our gauge) that keeps 95 % of ours: it compares the two apart from where borders stand.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.evaluation import OUT_OF_SCOPE, Judged, Labelled, Scores, read_labelled
from bot.machine import machine, resident_mb
from bot.nlu.evaluate import load_from_archive
from bot.pack import PROJECT_DIR, fill, load_pack, read_yaml

SEED = 1
KEPT = 0.95
FALLBACK = "nlu_fallback"
ELSEWHERE = "elsewhere_"
# As `bot.processes.RASA_ENVIRONMENT`, which this environment cannot import: one thread each.
ONE_THREAD = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
}
ROWS = (
    ("right subject first", "top_1", 100, "%"),
    ("right subject in three", "top_3", 100, "%"),
    ("ours answered at once", "ours_direct", 100, "%"),
    ("ours answered or offered", "ours_served", 100, "%"),
    ("foreign refused", "foreign_refused", 100, "%"),
    ("foreign refused, keeping 95 % of ours", "refused_at_95", 100, "%"),
    ("wrong answers, of all questions", "wrong", 100, "%"),
    ("training, CPU s", "training.cpu_seconds", 1, ""),
    ("training, wall s", "training.wall_seconds", 1, ""),
    ("model, MB", "model_mb", 1, ""),
    ("loading, CPU s", "load_cpu_seconds", 1, ""),
    ("loading, wall s", "load_wall_seconds", 1, ""),
    ("a message, CPU ms, p50", "cpu_ms.p50", 1, ""),
    ("a message, CPU ms, p95", "cpu_ms.p95", 1, ""),
    ("a message, wall ms, p50", "wall_ms.p50", 1, ""),
    ("a message, wall ms, p95", "wall_ms.p95", 1, ""),
    ("resident, MB", "resident_mb", 1, ""),
)


def default_pipeline(epochs: int) -> list[dict[str, Any]]:
    """What `rasa init` suggests. There are no entities and no retrieval intents here, so the two components for
    those (EntitySynonymMapper, ResponseSelector) would have nothing to learn."""
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": epochs, "random_seed": SEED},
        {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
    ]


def our_pipeline() -> list[dict[str, Any]]:
    pipeline: list[dict[str, Any]] = read_yaml(PROJECT_DIR / "config.yml")["pipeline"]
    return pipeline


def read_examples(directory: Path) -> list[dict[str, Any]]:
    """The entries of Rasa's training data, with their examples only and the placeholders filled."""
    words = load_pack().words
    return [
        {
            "intent": entry["intent"],
            "metadata": {name: entry["metadata"][name] for name in ("kind", "title")},
            "examples": entry["examples"],
        }
        for path in sorted(directory.glob("*.yml"))
        for entry in fill(read_yaml(path), words)["nlu"]
    ]


def texts_of(entries: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """(text, intent) of every example."""
    return {
        (line[2:].strip(), entry["intent"])
        for entry in entries
        for line in entry["examples"].splitlines()
        if line.startswith("- ")
    }


def train(name: str, pipeline: list[dict[str, Any]], entries: list[dict[str, Any]], work: Path) -> dict[str, Any]:
    """Trains `NAME.tar.gz` in `work` unless it is there, of the same; what that cost, Rasa's own start included."""
    data, config = work / f"{name}_nlu.yml", work / f"{name}_config.yml"
    data.write_text(yaml.safe_dump({"version": "3.1", "nlu": entries}, allow_unicode=True), encoding="utf-8")
    config.write_text(
        yaml.safe_dump({"recipe": "default.v1", "assistant_id": name, "language": "fr", "pipeline": pipeline}),
        encoding="utf-8",
    )
    made_of = hashlib.sha256(data.read_bytes() + config.read_bytes()).hexdigest()
    figures = work / f"{name}.json"
    if figures.is_file() and (work / f"{name}.tar.gz").is_file():
        known: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
        if known["made_of"] == made_of:
            return known
    environment = {
        **os.environ,
        **ONE_THREAD,
        "LOG_LEVEL": "INFO",
        "PYTHONPATH": str(PROJECT_DIR),
        "GUICHET_DATA_DIR": str(work),
        "RASA_CACHE_DIRECTORY": str(work / "cache"),
    }
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with (work / f"{name}.log").open("w") as log:
        subprocess.run(
            [sys.executable, "-m", "rasa", "train", "nlu", "--config", str(config), "--nlu", str(data),
             "--out", str(work), "--fixed-model-name", name],
            check=True, cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost: dict[str, Any] = {
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
        "wall_seconds": round(time.perf_counter() - begun),
        "date": machine()["date"],
        "made_of": made_of,
    }
    reached = re.findall(r"i_acc=([\d.]+)", (work / f"{name}.log").read_text(encoding="utf-8", errors="replace"))
    if reached:  # DIET's own progress: whether more epochs would teach it more
        cost["accuracy_on_examples"] = float(reached[-1])
    figures.write_text(json.dumps(cost), encoding="utf-8")
    return cost


class Served:
    """A model in a process of its own, asked one question at a time."""

    def __init__(self, model: Path) -> None:
        environment = {**os.environ, **ONE_THREAD, "LOG_LEVEL": "ERROR", "PYTHONPATH": str(PROJECT_DIR)}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(model)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=PROJECT_DIR,
        )  # fmt: skip
        self.loaded = self._answer()
        self.times: list[tuple[float, float]] = []

    def ask(self, text: str) -> dict[str, Any]:
        """What Rasa's agent makes of a text; its CPU and wall milliseconds are kept in `times`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.times.append((answer["cpu_ms"], answer["wall_ms"]))
        parsed: dict[str, Any] = answer["parsed"]
        return parsed

    def close(self) -> dict[str, Any]:
        """Loading, latency and memory; ends the process."""
        memory = resident_mb([self._process.pid])
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        cpu, wall = np.array(self.times).T
        return {**self.loaded, "resident_mb": memory, "cpu_ms": _percentiles(cpu), "wall_ms": _percentiles(wall)}

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _percentiles(milliseconds: Any) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(milliseconds, p)), 1) for p in (50, 95)}


def serve(model: Path) -> None:
    """The process behind `Served`: JSON texts in, JSON answers out, a line each. Loading ends with a first message,
    because TensorFlow and the encoder do part of their loading in it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Rasa prints is no answer
    import structlog
    from rasa.core.agent import Agent

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    loop = asyncio.new_event_loop()
    wall, cpu = time.perf_counter(), time.process_time()
    agent = Agent.load(model_path=str(model))
    loop.run_until_complete(agent.parse_message("bonjour"))
    loaded = {
        "load_wall_seconds": round(time.perf_counter() - wall, 2),
        "load_cpu_seconds": round(time.process_time() - cpu, 2),
        "start_cpu_seconds": round(time.process_time(), 2),
    }
    print(json.dumps(loaded), file=answers, flush=True)
    for line in sys.stdin:
        text = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        parsed = loop.run_until_complete(agent.parse_message(text))
        times = {
            "cpu_ms": 1000 * (time.process_time() - cpu),
            "wall_ms": 1000 * (time.perf_counter() - wall),
        }
        kept = {
            name: parsed[name] for name in ("intent", "intent_ranking", "subject_ranking", "decision") if name in parsed
        }
        print(json.dumps({**times, "parsed": kept}), file=answers, flush=True)


def judged(labelled: Labelled, parsed: dict[str, Any]) -> tuple[Judged, float]:
    """What was done with a question, and how sure the side was of its best subject (0 when that is none of ours)."""
    decision = parsed.get("decision")
    ranked = parsed["subject_ranking"] if decision else parsed["intent_ranking"]
    folded = [(_folded(one["name"]), one["confidence"]) for one in ranked if one["name"] != FALLBACK]
    ranking = tuple(dict(reversed(folded)).items())  # of classes that became one, the likelier
    ranking = tuple(sorted(ranking, key=lambda one: -one[1]))
    if decision:
        return Judged(labelled, decision["kind"], tuple(decision["subjects"]), ranking), decision["sureness"]
    name = parsed["intent"]["name"]
    sureness = 0.0 if ranking[0][0] == OUT_OF_SCOPE else ranking[0][1]
    if name == FALLBACK:
        return Judged(labelled, "abstain", (), ranking), sureness
    return Judged(labelled, "answer", (_folded(name),), ranking), sureness


def _folded(name: str) -> str:
    return OUT_OF_SCOPE if name.startswith(ELSEWHERE) else name


def score(cases: Sequence[tuple[Judged, float]]) -> dict[str, Any]:
    """Over one file of questions."""
    ours = [one for one, _ in cases if not one.labelled.foreign]
    sure_of_ours = [sureness for one, sureness in cases if not one.labelled.foreign]
    sure_of_foreign = [sureness for one, sureness in cases if one.labelled.foreign]
    border = np.quantile(sure_of_ours, 1 - KEPT)
    return {
        **dataclasses.asdict(Scores.of([one for one, _ in cases])),
        "top_1": _share([one.ranking[0][0] in one.labelled.intents for one in ours]),
        "top_3": _share([any(name in one.labelled.intents for name, _ in one.ranking[:3]) for one in ours]),
        "ours_refused": _share([one.refused for one in ours]),
        "refused_at_95": _share([sureness == 0.0 or bool(sureness < border) for sureness in sure_of_foreign]),
    }


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def measure(models: dict[str, Path], files: dict[str, list[Labelled]]) -> dict[str, dict[str, Any]]:
    """Every side on every file: loaded one after the other, then asked in turn."""
    sides = {side: Served(model) for side, model in models.items()}
    results: dict[str, dict[str, Any]] = {side: {"together": len(sides) > 1} for side in sides}
    for name, questions in files.items():
        cases: dict[str, list[tuple[Judged, float]]] = {side: [] for side in sides}
        for labelled in questions:
            for side, served in sides.items():
                cases[side].append(judged(labelled, served.ask(labelled.question)))
        for side in sides:
            results[side][name] = score(cases[side])
    for side, served in sides.items():
        results[side] |= served.close()
        results[side]["model_mb"] = round(models[side].stat().st_size / 1e6, 1)
    return results


def table(results: dict[str, Any], files: Sequence[str]) -> str:
    """A row a figure; where it depends on the file, one figure each."""
    sides = [side for side in ("default", "ours") if side in results]
    lines = [f"| {' / '.join(files)} | {' | '.join(sides)} |", "|---" * (len(sides) + 1) + "|"]
    for title, key, factor, unit in ROWS:
        cells = [" / ".join(_figures(results[side], key, files, factor)) for side in sides]
        lines.append(f"| {title} | " + " | ".join(f"{cell} {unit}".strip() for cell in cells) + " |")
    return "\n".join(lines)


def _figures(side: dict[str, Any], key: str, files: Sequence[str], factor: int) -> list[str]:
    if factor == 100:
        shares = [side.get(name, {}).get(key) for name in files]
        return ["-" if share is None else f"{100 * share:.1f}" for share in shares]
    value: Any = side
    for part in key.split("."):
        value = value.get(part, {})
    return ["-" if value == {} else str(value)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    questions = PROJECT_DIR / "tests" / "questions"
    parser.add_argument("files", nargs="*", type=Path, default=[questions / "dev.tsv", questions / "test.tsv"])
    parser.add_argument("--default", action="store_true", help="Rasa's default pipeline")
    parser.add_argument("--ours", action="store_true", help="our understanding")
    parser.add_argument("--epochs", type=int, default=100, help="of DIET; Rasa's default is 100")
    parser.add_argument("--nlu", type=Path, default=PROJECT_DIR / "data" / "nlu", help="directory of examples")
    parser.add_argument("--our-model", type=Path, default=PROJECT_DIR / "var" / "rasa" / "model.tar.gz")
    parser.add_argument("--work", type=Path, help="where trained models are kept; else nowhere")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "rasa_default.json")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        compare(options, work)


def compare(options: argparse.Namespace, work: Path) -> None:
    """Trains and measures the sides asked for; their figures replace those in `--out`."""
    both = options.default == options.ours
    entries = read_examples(options.nlu)
    examples = texts_of(entries)
    files = {path.stem: read_labelled(path) for path in options.files}
    described: dict[str, dict[str, Any]] = {}
    models = {}
    if options.default or both:
        pipeline = default_pipeline(options.epochs)
        described["default"] = {"epochs": options.epochs, "random_seed": SEED, "pipeline": pipeline}
        described["default"]["training"] = train("default", pipeline, entries, work)
        models["default"] = work / "default.tar.gz"
    if options.ours or both:
        served = set(load_from_archive(options.our_model).examples)
        described["ours"] = {"pipeline": our_pipeline(), "training": train("ours", our_pipeline(), entries, work)}
        described["ours"]["examples_only_in_served_model"] = len(served - examples)
        described["ours"]["examples_missing_in_served_model"] = len(examples - served)
        models["ours"] = options.our_model.resolve()
    results = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    results["machine"] = machine()
    for side, measured in measure(models, files).items():
        results[side] = {
            "date": machine()["date"],
            "examples": len(examples),
            "classes": len(entries),
            **described[side],
            **measured,
        }
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(table(results, list(files)))


if __name__ == "__main__":
    main()
