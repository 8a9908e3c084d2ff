"""What is made of a message that follows an answer, on written follow-ups, with the model in service.

Runs in the Rasa environment from the project's directory:

    PYTHONPATH=. .venv-rasa/bin/python bench/follow_ups.py [FILE.tsv …] [--out OUT.json]

Files: `previous<TAB>message<TAB>expected<TAB>sort` with a header line. `previous` is the subject answered just before;
`expected` are the subjects that a fair judge would want answered now, divided by `|`, or `stay` (nothing but the
previous subject is meant) or `unclear`. Counted for each `sort` of message: `right` (answered, or stayed where that was
right), `offered`, `stayed` (said honestly that nothing can be added, though another subject was meant), `asked_back`
(without what was meant), `refused`, `wrong` (something else was answered).
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
from collections import Counter
from datetime import date
from pathlib import Path

from bot.nlu.context import Context
from bot.nlu.decision import ABSTAIN, CLARIFY, STAY, Decision
from bot.nlu.evaluate import load_from_archive
from bot.nlu.evidence import OUT_OF_SCOPE

QUESTIONS = Path("tests/questions")


def verdict(decision: Decision, previous: str, expected: frozenset[str]) -> str:
    """One of the words counted above."""
    subjects = set(decision.subjects)
    stays = bool(expected & {"stay", "unclear", previous})
    if decision.kind == STAY or subjects == {previous}:
        return "right" if stays else "offered" if subjects & expected else "stayed"
    if decision.kind == CLARIFY:
        return "offered" if subjects & expected else "asked_back"
    if decision.kind == ABSTAIN or subjects == {OUT_OF_SCOPE}:
        return "refused"
    return "right" if subjects <= expected else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=sorted(QUESTIONS.glob("follow_ups_*.tsv")))
    parser.add_argument("--model", type=Path, default=Path("var/rasa/model.tar.gz"))
    parser.add_argument("--out", type=Path, default=Path("bench/results/follow_ups.json"))
    chosen = parser.parse_args()
    known = load_from_archive(chosen.model)
    results: dict[str, dict[str, dict[str, int]]] = {}
    for path in chosen.files:
        counts: dict[str, Counter[str]] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                decision = known.understand(row["message"], Context(previous=(row["previous"],))).decision
                found = verdict(decision, row["previous"], frozenset(row["expected"].split("|")))
                counts.setdefault(row["sort"], Counter())[found] += 1
        results[path.name] = {sort: dict(count.most_common()) for sort, count in counts.items()}
        print(path.name, json.dumps(results[path.name]))
    report = {"machine": platform.processor() or platform.machine(), "date": date.today().isoformat(), "files": results}
    chosen.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
