"""`guichet call`: a real call to the running service, from recordings."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_format
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot.callers import CallerTurn, CallView, ScriptedCaller, TurnReport
from bot.commands.packs import PackOption, settings_for
from bot.errors import BadAudio, BadMessage
from bot.running import base_url, running_service
from bot.settings import Settings
from voice.audio import float_to_pcm, read_wav, resample
from voice.framing import KEYS
from voice.leg import RATE_HZ


class Via(StrEnum):
    """The protocols a call can be placed by."""

    SIP = "sip"


def call_command(
    turns: Annotated[list[Path] | None, typer.Argument(help="Recordings, one for each turn of the caller.")] = None,
    *,
    via: Annotated[Via, typer.Option(help="Protocol of the call.")] = Via.SIP,
    uri: Annotated[str, typer.Option(help="SIP URI to dial; by default that of the service.")] = "",
    key: Annotated[list[str] | None, typer.Option(help="Keys to press after the recordings, each as a turn.")] = None,
    record: Annotated[Path | None, typer.Option(help="Writes what the caller hears to this WAV file.")] = None,
    skip_answers: Annotated[
        bool, typer.Option("--skip-answers", help="Cut each answer short with # once it begins.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a turn.")] = False,
    pack: PackOption = None,
) -> None:
    """Call the service, play recordings as the caller's turns, and tell what it understood and how fast it answered."""
    script = read_turns(turns or [], key or [])
    settings = settings_for(pack)
    asyncio.run(_call(settings, script, uri=uri, record=record, as_json=json, skip=skip_answers))


def read_turns(files: list[Path], keys: list[str]) -> list[CallerTurn]:
    """The caller's part. Raises `BadAudio` or `BadMessage`, before anything is started."""
    if not files and not keys:
        raise BadMessage("Nothing to say: give recordings to play (WAV), or --key.")
    wrong = [one for one in keys if one not in KEYS]
    if wrong:
        raise BadMessage("--key is one of 0-9, *, #, A-D; repeat it for several keys.")
    return [_spoken(number, file) for number, file in enumerate(files, 1)] + [CallerTurn(key=one) for one in keys]


def _spoken(number: int, file: Path) -> CallerTurn:
    if not file.is_file():
        raise BadAudio(f"Turn {number} is not a file. A turn is a recording: `guichet say TEXT --out FILE` makes one.")
    samples, rate_hz = read_wav(file)
    return CallerTurn(file=file, pcm=float_to_pcm(resample(samples, rate_hz, RATE_HZ)))


async def _call(
    settings: Settings, script: list[CallerTurn], *, uri: str, record: Path | None, as_json: bool, skip: bool
) -> None:
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:
        if uri:
            url = base_url(settings)
        else:
            uri = service_uri(settings)
            url = await stack.enter_async_context(
                running_service(session, settings, parts=("dialogue", "actions", "speech", "phone"))
            )
        await _place(
            session,
            url=url,
            token=settings.desk_token(),
            script=script,
            uri=uri,
            record=record,
            as_json=as_json,
            skip=skip,
        )


async def _place(
    session: aiohttp.ClientSession,
    *,
    url: str,
    token: str,
    script: list[CallerTurn],
    uri: str,
    record: Path | None,
    as_json: bool,
    skip: bool,
) -> None:
    from voice.sip.phone import Phone

    async with Phone(uri) as phone:
        _progress(f"Dialling {uri} …")
        call = await phone.dial(uri)
        try:
            async for report in ScriptedCaller(
                call, CallView(session, url, token, call.line_id), skip_answers=skip
            ).play(script):
                print(_as_json(report) if as_json else _as_text(report), flush=True)
        finally:
            await call.hang_up()
            if record is not None:
                _write(record, bytes(call.heard.recording))


def service_uri(settings: Settings) -> str:
    """Where the service's own line answers, from this machine."""
    host = "127.0.0.1" if settings.phone.host == "0.0.0.0" else settings.phone.host
    return f"sip:guichet@{host}:{settings.phone.port}"


def _write(path: Path, pcm: bytes) -> None:
    import numpy as np

    from voice.audio import write_wav

    try:
        write_wav(path, np.frombuffer(pcm, "<i2"), RATE_HZ)
    except OSError as error:
        raise BadMessage(f"--record: {path} cannot be written ({error.strerror}).") from None
    _progress(f"Recorded {len(pcm) / (2 * RATE_HZ):.1f} s in {path}.")


def _as_json(report: TurnReport) -> str:
    return json_format.dumps(asdict(report), ensure_ascii=False)


def _as_text(report: TurnReport) -> str:
    def shown(value: object) -> str:
        return "?" if value is None else str(value)

    wait = report.end_of_speech_to_first_audio_ms
    said = f"key {report.key}" if report.key else f"{report.file}: {shown(report.heard)}"
    return "\n".join(
        [
            f"{report.turn}. {said}",
            f"   [{shown(report.outcome)}] {shown(report.intent)}, answered after {shown(wait)} ms",
            f"   {shown(report.spoken)}",
        ]
    )


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
