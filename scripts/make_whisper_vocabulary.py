"""Makes `voice/whisper_vocabulary.bin`: which of Whisper's tokens French needs, one bit each.

Run once, by hand; the file is in the repository, and this says whether it is made again bit by bit. The words come from
the package wordfreq (code Apache-2.0, word lists CC BY-SA 4.0; only which tokens they need is kept), the tokens from
an installed model of any size: all multilingual ones up to large-v2 have the same.

    uv run --no-project --python 3.11 --with wordfreq==3.1.1 --with tokenizers --with numpy \\
        scripts/make_whisper_vocabulary.py var/models/whisper-base/tokenizer.json
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tokenizers
from wordfreq import top_n_list

COMMON_WORDS = 60_000
FIRST_MARK = 50257
BYTES = 256
VOCABULARY = Path(__file__).resolve().parents[1] / "voice" / "whisper_vocabulary.bin"

_FRENCH = re.compile(r"[a-zàâäçéèêëîïôöùûüœæ0-9'’-]+")
_MARKS = [*'.,!?:;"()…%€-', " ?", " !", " :", " ;", "...", ' "', '".', " -", " €", " %", "'", ' "', "’"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Which of Whisper's tokens French needs.")
    parser.add_argument("tokenizer", type=Path, help="tokenizer.json of an installed model")
    parser.add_argument("--out", type=Path, default=VOCABULARY)
    chosen = parser.parse_args()
    packed = french_bits(tokenizers.Tokenizer.from_file(str(chosen.tokenizer)))
    same = chosen.out.is_file() and chosen.out.read_bytes() == packed
    chosen.out.write_bytes(packed)
    print(f"{chosen.out}: {sum(byte.bit_count() for byte in packed)} tokens, {'as before' if same else 'changed'}")


def french_bits(tokenizer: tokenizers.Tokenizer) -> bytes:
    """One bit a token of text, in their order, the first of each byte in its highest place."""
    wanted = set(range(BYTES))  # every byte: what is left out can still be written in pieces
    for encoded in tokenizer.encode_batch([*_word_forms(), *_other_forms()], add_special_tokens=False):
        wanted.update(encoded.ids)
    bits = np.zeros(FIRST_MARK, np.uint8)
    bits[[token for token in wanted if token < FIRST_MARK]] = 1
    return np.packbits(bits).tobytes()


def _word_forms() -> Iterator[str]:
    """Each word within a sentence and at its beginning, behind an apostrophe and a hyphen."""
    everything = top_n_list("fr", 10**6, wordlist="large")
    for word in [word for word in everything if _FRENCH.fullmatch(word)][:COMMON_WORDS]:
        capital = word[0].upper() + word[1:]
        yield from (f" {word}", f" {capital}", capital, f"'{word}", f"-{word}", word)


def _other_forms() -> Iterator[str]:
    """Punctuation, and the figures that a tokenizer may have in one piece."""
    yield from _MARKS
    yield from (str(number) for number in range(1000))
    yield from (f" {number}" for number in range(3001))


if __name__ == "__main__":
    main()
