"""Debian's baresip 1.0.0 as an independent telephone, driven by its control socket (netstrings of JSON).

Its traps: it closes the call at the end of the WAV that it plays, so callers' sound is followed by two minutes of
silence; `net_interface` wants the address; it records what it hears as `dump-*-dec.wav`; it has no resampler, so its
sound device runs at the codec's own rate; it takes the port after `sip_port` too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.integration.sip.line_under_test import free_port
from tests.integration.sip.sounds import read_pcm, write_wav
from tests.ports import once_each
from tests.processes import ended

CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 4
audio_player aufile,/dev/null
audio_source aufile,{sound}
audio_alert aufile,/dev/null
ausrc_srate {rate_hz}
auplay_srate {rate_hz}
ausrc_channels {channels}
auplay_channels {channels}
audio_txmode thread
audio_level no
rtp_ports {rtp_port}-{last_rtp_port}
module_path /usr/lib/baresip/modules
module_tmp uuid.so
module_tmp account.so
module stdio.so
{codec_module}
module aufile.so
module sndfile.so
{encryption_modules}
module_app menu.so
module_app ctrl_tcp.so
module ausine.so
ctrl_tcp_listen 127.0.0.1:{control_port}
snd_path {directory}
"""
TRAILING_SILENCE_SECONDS = 120
_first_rtp_ports = once_each(range(9000, 9900, 30))  # each takes 20


@dataclass(frozen=True)
class Codec:
    """A codec module of baresip, and the format it works in."""

    module: str
    rate_hz: int
    channels: int


G711 = Codec("g711", 8000, 1)
G722 = Codec("g722", 16000, 1)
OPUS = Codec("opus", 48000, 2)


class BaresipPhone:
    """`async with BaresipPhone(...) as phone: await phone.dial(uri)`."""

    def __init__(
        self,
        directory: Path,
        sound: bytes,
        *,
        codec: Codec = G711,
        encryption: str = "",
        answers: bool = False,
        sip_port: int = 0,
    ) -> None:
        """`encryption` is baresip's mediaenc; with `answers` it picks up whatever rings. `sip_port` 0 is any."""
        self._directory = directory
        self._control_port = control_port = free_port()
        sip_port = sip_port or free_port()
        self.uri = f"sip:caller@127.0.0.1:{sip_port}"
        rtp_port = next(_first_rtp_ports)
        directory.mkdir(parents=True)
        spoken = sound + bytes(TRAILING_SILENCE_SECONDS * 16000)
        wav = write_wav(directory / "caller.wav", spoken, rate_hz=codec.rate_hz, channels=codec.channels)
        modules = {"": "", "dtls_srtp": "module dtls_srtp.so"}.get(encryption, "module srtp.so")
        (directory / "config").write_text(
            CONFIG.format(
                sip_port=sip_port,
                sound=wav,
                rtp_port=rtp_port,
                last_rtp_port=rtp_port + 20,
                control_port=control_port,
                directory=directory,
                rate_hz=codec.rate_hz,
                channels=codec.channels,
                codec_module=f"module {codec.module}.so",
                encryption_modules=modules,
            )
        )
        account = "<sip:caller@127.0.0.1>;regint=0"
        account += f";mediaenc={encryption}" if encryption else ""
        account += ";answermode=auto" if answers else ""
        (directory / "accounts").write_text(account + "\n")
        (directory / "contacts").write_text("\n")
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._log = (self._directory / "log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            *("baresip", "-f", str(self._directory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        async with asyncio.timeout(15):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection("127.0.0.1", self._control_port)
                    break
                except OSError:
                    await asyncio.sleep(0.1)
        self._listening = asyncio.create_task(self._listen(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # it has ended
            await self._command("quit")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5)
        await ended(self._process)
        self._listening.cancel()
        self._writer.close()
        self._log.close()

    async def dial(self, uri: str) -> str:
        """Returns when the call is established; its SIP Call-ID."""
        await self._command("dial", uri)
        return str((await self.expect("CALL_ESTABLISHED")).get("id", ""))

    async def hang_up(self) -> None:
        """Ends the call."""
        await self._command("hangup")
        await self.expect("CALL_CLOSED")

    async def answer(self) -> None:
        """Picks up what rings."""
        await self._command("accept")

    async def press(self, key: str) -> None:
        """One key, for 150 ms."""
        await self._command("sndcode", key)
        await asyncio.sleep(0.15)
        await self._command("sndcode", "\x04")
        await asyncio.sleep(0.1)

    async def expect(self, event: str, seconds: float = 10) -> dict[str, Any]:
        """The next event of that type."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self._events.get()
                if message.get("type") == event:
                    return message

    async def hold(self) -> None:
        """Puts the call on hold, with a re-INVITE."""
        await self._command("hold")

    async def retrieve(self) -> None:
        """Takes the call back."""
        await self._command("resume")

    def heard(self) -> bytes:
        """What was heard in the last call, at 8 kHz; complete once it is closed. Empty when no sound came at all."""
        dumps = sorted(self._directory.glob("dump-*-dec.wav"))
        return read_pcm(dumps[-1]) if dumps else b""

    async def _command(self, command: str, params: str = "") -> None:
        text = json.dumps({"command": command, "params": params, "token": "t"}).encode()
        self._writer.write(f"{len(text)}:".encode() + text + b",")
        await self._writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads(await reader.readexactly(length))
                await reader.readexactly(1)
            except (asyncio.IncompleteReadError, OSError):
                return
            self._events.put_nowait(message)
