"""The understanding beside its alternatives, on the same examples and questions.

Runs in the Rasa environment from the project's directory:

    PYTHONPATH=. .venv-rasa/bin/python bench/nlu_alternatives.py [OUT.json]

Alternatives: our hybrid on e5 and on USE, and the stock way, which is what Rasa's CountVectorsFeaturizer (words,
and characters 1 to 4) and LogisticRegressionClassifier compute, with the e5 vector centred and scaled by 20 beside
the counts. Each is scored by its own probability and, for the hybrid, by the two gauges that serve.

`refused_at_95`: share of foreign questions that a border refuses which keeps 95 % of ours. `wrong_at_80`: share of
all questions answered wrongly by a border that answers 80 % of ours rightly and at once.
"""

from __future__ import annotations

import csv
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from bot.nlu.calibration import calibrate
from bot.nlu.decision import decide
from bot.nlu.encoder import open_encoder
from bot.nlu.evidence import OUT_OF_SCOPE, Neighbours, evidence_of
from bot.nlu.hybrid import HybridModel, centred
from bot.nlu.vectors import embed_stored

KEPT = 0.95
ANSWERED = 0.80


def examples() -> tuple[list[str], list[str], frozenset[str]]:
    """Texts, intents, and the intents of the exchange."""
    texts, labels, exchange = [], [], set()
    for path in sorted(Path("data/nlu").glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line[2:].strip() for line in entry["examples"].splitlines() if line.startswith("- ")]
            kind = entry["metadata"]["kind"]
            intent = OUT_OF_SCOPE if kind == "elsewhere" else entry["intent"]
            texts += lines
            labels += [intent] * len(lines)
            if kind not in ("answer", "referral"):
                exchange.add(intent)
    return texts, labels, frozenset(exchange)


def questions(name: str) -> tuple[list[str], list[str]]:
    with Path(f"tests/questions/{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["question"] for row in rows], [row["intent"] for row in rows]


def scores(classes: Sequence[str], probabilities: Any, labels: Sequence[str], sure: Any = None) -> dict[str, Any]:
    """Accuracy on ours, and the two refusal figures. `sure` ranks the questions; the best probability unless given."""
    order = np.argsort(-probabilities, axis=1)
    names = np.array(classes)
    wanted = np.array(labels)
    ours = wanted != OUT_OF_SCOPE
    first = names[order[:, 0]]
    right = first == wanted
    top_three = np.array([label in names[row[:3]] for label, row in zip(labels, order, strict=True)])
    score = probabilities.max(axis=1) if sure is None else np.asarray(sure)
    answers_foreign = np.where(first == OUT_OF_SCOPE, -np.inf, score)
    border = np.quantile(answers_foreign[ours], 1 - KEPT)
    falling = np.argsort(-answers_foreign)
    covered = np.cumsum((right & ours)[falling]) / ours.sum()
    wrong = np.cumsum((~right & (first != OUT_OF_SCOPE))[falling]) / len(labels)
    enough = np.flatnonzero(covered >= ANSWERED)
    return {
        "top_1": round(float(right[ours].mean()), 4),
        "top_3": round(float(top_three[ours].mean()), 4),
        "refused_at_95": round(float((answers_foreign[~ours] < border).mean()), 4),
        "wrong_at_80": round(float(wrong[enough[0]]), 4) if len(enough) else None,
    }


def stock(texts: list[str], vectors: Any, labels: list[str]) -> tuple[list[str], Callable[[list[str], Any], Any]]:
    """Rasa's counts and classifier with its own defaults (C = 1, balanced classes, 300 iterations)."""
    words = CountVectorizer(lowercase=True, token_pattern=r"(?u)\b\w+\b")
    characters = CountVectorizer(lowercase=True, analyzer="char_wb", ngram_range=(1, 4))
    words.fit(texts)
    characters.fit(texts)
    mean = vectors.mean(axis=0)

    def features(some: list[str], some_vectors: Any) -> Any:
        dense = csr_matrix(20.0 * centred(some_vectors, mean))
        return hstack([words.transform(some), characters.transform(some), dense]).tocsr()

    model = LogisticRegression(solver="lbfgs", max_iter=300, class_weight="balanced", C=1.0, tol=1e-4)
    model.fit(features(texts, vectors), labels)
    return list(model.classes_), lambda some, some_vectors: model.predict_proba(features(some, some_vectors))


def cpu_ms_per_text(kind: str, texts: Sequence[str]) -> float:
    encoder = open_encoder(kind)
    begun = time.process_time()
    for text in texts:
        encoder.embed(text + " ")
    return round(1000 * (time.process_time() - begun) / len(texts), 1)


def hybrid(kind: str, texts: list[str], labels: list[str], exchange: frozenset[str]) -> dict[str, Any]:
    encoder = open_encoder(kind)
    vectors = embed_stored(encoder, texts)
    begun = time.process_time()
    fitted = HybridModel.fit(texts, vectors, labels)
    fit_seconds = time.process_time() - begun
    centres = centred(vectors, fitted.model.mean)
    judgement, report = calibrate(
        fitted.points, centres, labels, exchange=exchange, foreign=frozenset({OUT_OF_SCOPE}), overrides={}
    )
    neighbours = Neighbours(labels)
    result: dict[str, Any] = {
        "fit_cpu_seconds": round(fit_seconds, 1),
        "calibrate_cpu_seconds": round(time.process_time() - begun - fit_seconds, 1),
        "embed_cpu_ms_per_text": cpu_ms_per_text(kind, questions("dev")[0][:100]),
        "cross_validation": report,
    }
    for name in ("dev", "test"):
        asked, wanted = questions(name)
        rows = []
        sure, decisions = [], []
        for text, vector in zip(asked, embed_stored(encoder, asked), strict=True):
            probabilities = fitted.model.predict(text, vector)
            closest = neighbours.closest(centres @ fitted.model.centre(vector))
            evidence = evidence_of(fitted.model.classes, probabilities, closest)
            decision = decide(evidence, judgement)
            rows.append(probabilities)
            sure.append(decision.sureness)
            decisions.append(decision)
        ours = [(d, w) for d, w in zip(decisions, wanted, strict=True) if w != OUT_OF_SCOPE]
        foreign = [d for d, w in zip(decisions, wanted, strict=True) if w == OUT_OF_SCOPE]
        table = np.stack(rows)
        result[name] = {
            "by_probability": scores(fitted.model.classes, table, wanted),
            "by_gauges": scores(fitted.model.classes, table, wanted, sure),
            "served_ours": round(sum(w in d.subjects for d, w in ours) / len(ours), 4),
            "direct_ours": round(sum(d.kind == "answer" and d.subjects == (w,) for d, w in ours) / len(ours), 4),
            "wrong": round(
                sum(
                    d.kind == "answer" and d.subjects not in ((w,), (OUT_OF_SCOPE,))
                    for d, w in zip(decisions, wanted, strict=True)
                )
                / len(wanted),
                4,
            ),
            "foreign_refused": round(
                sum(d.kind == "abstain" or d.subjects == (OUT_OF_SCOPE,) for d in foreign) / max(len(foreign), 1), 4
            ),
        }
    return result


def measure_stock(texts: list[str], labels: list[str]) -> dict[str, Any]:
    encoder = open_encoder("e5")
    vectors = embed_stored(encoder, texts)
    begun = time.process_time()
    classes, predict = stock(texts, vectors, labels)
    result: dict[str, Any] = {"fit_cpu_seconds": round(time.process_time() - begun, 1)}
    for name in ("dev", "test"):
        asked, wanted = questions(name)
        result[name] = {"by_probability": scores(classes, predict(asked, embed_stored(encoder, asked)), wanted)}
    return result


def main() -> None:
    texts, labels, exchange = examples()
    results = {
        "machine": f"{platform.processor() or platform.machine()}, python {platform.python_version()}",
        "examples": len(texts),
        "intents": len(set(labels)),
        "hybrid_e5": hybrid("e5", texts, labels, exchange),
        "hybrid_use": hybrid("use", texts, labels, exchange),
        "stock_e5_times_20": measure_stock(texts, labels),
    }
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("bench/results/nlu_alternatives.json")
    out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
