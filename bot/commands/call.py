"""`guichet call`: a real call to the running service, from recordings."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_format
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot.callers import CallerTurn, CallView, PlacedCall, ScriptedCaller, TurnReport
from bot.commands.packs import PackOption, settings_for
from bot.errors import BadAudio, BadMessage, BadSettings
from bot.running import base_url, running_service
from bot.settings import Settings
from voice.audio import float_to_pcm, read_wav, resample
from voice.framing import KEYS
from voice.leg import RATE_HZ


class Via(StrEnum):
    """The protocols a call can be placed by."""

    SIP = "sip"
    AUDIOSOCKET = "audiosocket"
    MEDIA_STREAM = "media-stream"


def call_command(
    turns: Annotated[list[Path] | None, typer.Argument(help="Recordings, one for each turn of the caller.")] = None,
    *,
    via: Annotated[Via, typer.Option(help="Protocol of the call.")] = Via.SIP,
    uri: Annotated[
        str,
        typer.Option(help="Whom to call, as sip:…, host:port (AudioSocket) or ws://…; by default the service."),
    ] = "",
    key: Annotated[
        list[str] | None,
        typer.Option(help="Keys to press after the recordings; several at once, as 0612345678#, are one turn."),
    ] = None,
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
    asyncio.run(_call(settings, script, via=via, uri=uri, record=record, as_json=json, skip=skip_answers))


def read_turns(files: list[Path], keys: list[str]) -> list[CallerTurn]:
    """The caller's part. Raises `BadAudio` or `BadMessage`, before anything is started."""
    if not files and not keys:
        raise BadMessage("Nothing to say: give recordings to play (WAV), or --key.")
    wrong = [one for one in keys if not one or not set(one) <= KEYS]
    if wrong:
        raise BadMessage("--key is one or several of 0-9, *, #, A-D, pressed one after the other.")
    return [_spoken(number, file) for number, file in enumerate(files, 1)] + [CallerTurn(key=one) for one in keys]


def _spoken(number: int, file: Path) -> CallerTurn:
    if not file.is_file():
        raise BadAudio(f"Turn {number} is not a file. A turn is a recording: `guichet say TEXT --out FILE` makes one.")
    samples, rate_hz = read_wav(file)
    return CallerTurn(file=file, pcm=float_to_pcm(resample(samples, rate_hz, RATE_HZ)))


async def _call(
    settings: Settings, script: list[CallerTurn], *, via: Via, uri: str, record: Path | None, as_json: bool, skip: bool
) -> None:
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:
        if uri:
            url = base_url(settings)
        else:
            uri = service_uri(settings, via)
            parts = ("dialogue", "actions", "speech", "phone" if via is Via.SIP else "lines")
            url = await stack.enter_async_context(running_service(session, settings, parts=parts))
        _progress(f"Dialling {uri} …")
        call = await stack.enter_async_context(_dialled(session, settings, via, uri))
        view = CallView(session, url, settings.desk_token(), call.line_id)
        try:
            async for report in ScriptedCaller(call, view, skip_answers=skip).play(script):
                print(_as_json(report) if as_json else _as_text(report), flush=True)
        finally:
            await call.hang_up()
            if record is not None:
                _write(record, bytes(call.heard.recording))


@asynccontextmanager
async def _dialled(session: aiohttp.ClientSession, settings: Settings, via: Via, uri: str) -> AsyncIterator[PlacedCall]:
    """An answered call over one of the protocols."""
    if via is Via.SIP:
        from voice.sip.phone import Phone

        async with Phone(uri) as phone:
            yield await phone.dial(uri)
        return
    from voice.lines.clients import AudioSocketCall, MediaStreamCall

    protocol = AudioSocketCall if via is Via.AUDIOSOCKET else MediaStreamCall
    yield await protocol.dial(uri, settings.lines, session)


def service_uri(settings: Settings, via: Via = Via.SIP) -> str:
    """Where the service's own line answers, from this machine. Raises `BadSettings` for a line that is off."""
    phone, lines = settings.phone, settings.lines
    match via:
        case Via.SIP:
            return f"sip:guichet@{_here(phone.host)}:{phone.port}"
        case Via.AUDIOSOCKET if lines.audiosocket_enabled:
            return f"{_here(lines.audiosocket_host)}:{lines.audiosocket_port}"
        case Via.MEDIA_STREAM if lines.web_enabled:
            return f"ws://{_here(lines.web_host)}:{lines.web_port}/lines/media-streams"
    switch = "lines.audiosocket_enabled" if via is Via.AUDIOSOCKET else "lines.web_enabled"
    raise BadSettings(f"--via {via.value} needs {switch}: set it to true, or give --uri.")


def _here(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host


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
    answered = f"answered after {shown(wait)} ms"
    if report.heard is None and report.outcome is None:  # a number dictated, a cough: the call itself has dealt with it
        said = f"key {report.key}" if report.key else str(report.file)
        return f"{report.turn}. {said}\n   [no question to the bot] {answered}"
    said = f"key {report.key}" if report.key else f"{report.file}: {shown(report.heard)}"
    return "\n".join(
        [
            f"{report.turn}. {said}",
            f"   [{shown(report.outcome)}] {shown(report.intent)}, {answered}",
            f"   {shown(report.spoken)}",
        ]
    )


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
