"""Where an installed model lies, and which files it is made of."""

from __future__ import annotations

from pathlib import Path

SUMS_NAME = "SHA256SUMS"


def model_sums(model_dir: Path) -> Path:
    """The list of digests of a recogniser (a directory)."""
    return model_dir / SUMS_NAME


def voice_files(voices: Path, name: str) -> tuple[Path, Path]:
    """The two files of a Piper voice: the network and its configuration."""
    return voices / f"{name}.onnx", voices / f"{name}.onnx.json"


def voice_sums(voices: Path, name: str) -> Path:
    """The list of digests of a voice (two files among those of other voices)."""
    return voices / f"{name}.sha256"


def model_path(models: Path, name: str) -> Path:
    """Where the recogniser of that setting lies: a name under `models`, or a path as it is."""
    return Path(name) if "/" in name else models / name


def voice_path(voices: Path, name: str) -> Path:
    """Where the voice of that setting lies: a name under `voices`, or the path of an .onnx as it is."""
    return Path(name) if "/" in name else voice_files(voices, name)[0]


def installed_models(models: Path) -> list[str]:
    """Names of the recognisers under `models`."""
    return sorted(path.parent.name for path in models.glob("[!.]*/model.bin"))


def installed_voices(voices: Path) -> list[str]:
    """Names of the voices under `voices`."""
    return sorted(
        path.name.removesuffix(".onnx")
        for path in voices.glob("[!.]*.onnx")
        if path.with_name(path.name + ".json").is_file()
    )
