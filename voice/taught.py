"""What the taught networks share: files of several with the same layers, stacked layer by layer, and one layer."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelMissing

Floats = NDArray[np.float32]
Weights = dict[str, Floats]


def networks_in(path: Path) -> tuple[dict[str, Any], list[Weights]]:
    """What a file says about its networks, and their weights."""
    with np.load(path) as file:
        about = json.loads(str(file["about"]))
        weights = {name: file[name].astype(np.float32) for name in file.files if name != "about"}
    many = {len(one) for one in weights.values()}
    if len(many) != 1:
        raise ValueError("As many of each layer are needed.")
    return about, [{name: one[number] for name, one in weights.items()} for number in range(many.pop())]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raises `ModelMissing` for whatever a damaged file brings."""
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = type(error).__name__
        raise ModelMissing(f"The weights {path.name} cannot be read ({reason}): install Guichet again.") from None


def around(traits: Floats, weights: Floats, dilation: int) -> Floats:
    """Each trait by itself, over as many steps as there are weights, so far apart."""
    reach = (len(weights) - 1) // 2 * dilation
    padded = np.pad(traits, ((reach, reach), (0, 0)))
    heard = np.zeros_like(traits)
    for number, weight in enumerate(weights):
        heard += padded[number * dilation : number * dilation + len(traits)] * weight
    return heard
