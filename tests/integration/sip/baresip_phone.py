"""Debian's baresip 1.0.0 as an independent telephone, driven by its control socket (netstrings of JSON).

Its traps: it closes the call at the end of the WAV that it plays, so callers' sound is followed by two minutes of
silence; `net_interface` wants the address; it records what it hears as `dump-*-dec.wav`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Self

from tests.integration.sip.sounds import write_wav

CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 4
audio_player aufile,/dev/null
audio_source aufile,{sound}
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode thread
audio_level no
rtp_ports {rtp_port}-{last_rtp_port}
module_path /usr/lib/baresip/modules
module_tmp uuid.so
module_tmp account.so
module stdio.so
module g711.so
module aufile.so
module auconv.so
module sndfile.so
module_app menu.so
module_app ctrl_tcp.so
module ausine.so
ctrl_tcp_listen 127.0.0.1:{control_port}
snd_path {directory}
"""
TRAILING_SILENCE_SECONDS = 120


class BaresipPhone:
    """`async with BaresipPhone(...) as phone: await phone.dial(uri)`."""

    def __init__(self, directory: Path, sound: bytes, *, sip_port: int, control_port: int, rtp_port: int) -> None:
        self._directory = directory
        self._control_port = control_port
        directory.mkdir(parents=True)
        wav = write_wav(directory / "caller.wav", sound + bytes(TRAILING_SILENCE_SECONDS * 16000))
        (directory / "config").write_text(
            CONFIG.format(
                sip_port=sip_port,
                sound=wav,
                rtp_port=rtp_port,
                last_rtp_port=rtp_port + 20,
                control_port=control_port,
                directory=directory,
            )
        )
        (directory / "accounts").write_text("<sip:caller@127.0.0.1>;regint=0\n")
        (directory / "contacts").write_text("\n")
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._log = (self._directory / "log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            *("baresip", "-f", str(self._directory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
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
        await self._command("quit")
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
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

    def heard(self) -> Path:
        """The recording of the last call; complete once it is closed."""
        return sorted(self._directory.glob("dump-*-dec.wav"))[-1]

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
