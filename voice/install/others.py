"""Other recognisers and voices than the default ones: by name from the models' hub, or from a path.

Whatever its origin, a model is loaded once before it gets its place: what cannot be used is refused now,
not at the next start of the service.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from bot.errors import BadSettings, ModelMissing
from voice.install.fetch import run_client
from voice.install.files import (
    Report,
    copy_file,
    disk_errors,
    only_one,
    put_directory,
    require_space,
    sync,
    working_directory,
    write_sums,
)
from voice.install.places import model_sums, voice_files, voice_sums

_MODEL_FILES = (
    "model.bin",
    "config.json",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
    "preprocessor_config.json",
)
_NAME = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*")
_DOWNLOAD_WHISPER = "import sys, faster_whisper; faster_whisper.download_model(sys.argv[1], output_dir=sys.argv[2])"
_MEGABYTE = 1_000_000


def install_hub_model(data_path: Path, name: str, report: Report) -> str:
    """Downloads a Whisper size ("small", "large-v3-turbo") or a hub's "owner/model". Returns its installed name.

    Raises `Unavailable` without a network, `BadSettings` for a name that cannot be one, `ModelMissing` when
    what came is not a recogniser.
    """
    size = _checked(name).removeprefix("whisper-")
    installed = "whisper-" + size.rsplit("/", 1)[-1].removeprefix("faster-").removeprefix("whisper-")

    def fetch(directory: Path) -> None:
        report(f"Fetching {name}…")
        run_client([sys.executable, "-W", "ignore", "-c", _DOWNLOAD_WHISPER, size, str(directory)], name, directory)

    _install_model(data_path, installed, fetch, report)
    return installed


def install_model_from(data_path: Path, source: Path, report: Report, name: str = "") -> str:
    """Copies a CTranslate2 Whisper directory. Returns its installed name (default: the directory's)."""
    if not (source / "model.bin").is_file():
        raise ModelMissing(f"{source} is not a CTranslate2 Whisper model: it has no model.bin.")
    installed = _checked(name or source.resolve().name)

    def copy(directory: Path) -> None:
        require_space(directory, (source / "model.bin").stat().st_size // _MEGABYTE + 10)
        for file in _MODEL_FILES:
            if (source / file).is_file():
                copy_file(source / file, directory / file)

    _install_model(data_path, installed, copy, report)
    return installed


def install_hub_voice(data_path: Path, name: str, report: Report) -> str:
    """Downloads a Piper voice by its name ("fr_FR-siwis-medium"). Raises as `install_hub_model`."""

    def fetch(directory: Path) -> None:
        report(f"Fetching {name}…")
        command = [sys.executable, "-m", "piper.download_voices", "--download-dir", str(directory), name]
        run_client(command, name, directory)

    if not re.fullmatch(r"[a-z]+_[A-Z]+-\w+-\w+", name):
        raise BadSettings(f"{name!r} is not the name of a Piper voice, such as fr_FR-siwis-medium.")
    _install_voice(data_path, name, fetch, report)
    return name


def install_voice_from(data_path: Path, source: Path, report: Report, name: str = "") -> str:
    """Copies a Piper voice: PATH.onnx and PATH.onnx.json. Returns its installed name (default: the file's)."""
    source_json = Path(f"{source}.json")
    if source.suffix != ".onnx" or not source.is_file() or not source_json.is_file():
        raise ModelMissing(f"{source} is not a Piper voice: name its .onnx file; the .onnx.json must lie beside it.")
    installed = _checked(name or source.stem)

    def copy(directory: Path) -> None:
        require_space(directory, source.stat().st_size // _MEGABYTE + 10)
        onnx_path, json_path = voice_files(directory, installed)
        copy_file(source, onnx_path)
        copy_file(source_json, json_path)

    _install_voice(data_path, installed, copy, report)
    return installed


def _install_model(data_path: Path, name: str, obtain: Callable[[Path], None], report: Report) -> None:
    models = data_path / "models"
    with only_one(data_path, report), disk_errors(data_path), working_directory(models, name) as work:
        obtain(work)
        report("Checking that it loads…")
        _check_model(work)
        files = [file for file in _MODEL_FILES if (work / file).is_file()]
        for file in files:
            sync(work / file)
        write_sums(model_sums(work), files)
        put_directory(work, models / name)
    report(f"Recogniser {name} installed in {models / name}. To use it, set speech.whisper_model: {name}.")


def _install_voice(data_path: Path, name: str, obtain: Callable[[Path], None], report: Report) -> None:
    voices = data_path / "voices"
    with only_one(data_path, report), disk_errors(data_path), working_directory(voices, name) as work:
        obtain(work)
        report("Checking that it speaks…")
        made = voice_files(work, name)
        _check_voice(*made, report)
        voice_sums(voices, name).unlink(missing_ok=True)
        for path in made:
            sync(path)
            path.replace(voices / path.name)
        write_sums(voice_sums(voices, name), [path.name for path in made])
    report(f"Voice {name} installed in {voices}. To use it, set speech.voice: {name}.")


def _check_model(directory: Path) -> None:
    from voice.whisper import Whisper

    Whisper(directory, threads=1)


def _check_voice(onnx_path: Path, json_path: Path, report: Report) -> None:
    from voice.piper_voice import PiperVoice

    voice = PiperVoice(onnx_path)
    if len(voice.synthesise("Bonjour.")) == 0:
        raise ModelMissing(f"The voice {onnx_path.stem} loads but says nothing.")
    language = json.loads(json_path.read_text(encoding="utf-8")).get("language", {}).get("code", "")
    if not str(language).startswith("fr"):
        report(f"Note: this voice does not say that it speaks French (language {language or 'unknown'}).")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadSettings(f"{name!r} cannot be the name of a model: letters, digits, dots and hyphens only.")
    return name
