"""Debian's Kamailio as the registrar that the line registers with, and the way by which calls reach it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.integration.sip.line_under_test import free_port
from tests.processes import ended

CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 1)
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483","Too Many Hops"); exit; }}
  if (is_method("OPTIONS")) {{ sl_send_reply("200","OK"); exit; }}
  if (is_method("REGISTER")) {{
    if (!pv_www_authenticate("test", "secret", "0")) {{ www_challenge("test", "0"); exit; }}
    if (!save("location")) sl_reply_error();
    exit;
  }}
  if (has_totag()) {{
    if (!loose_route()) {{ sl_send_reply("404","Not here"); exit; }}
    t_relay(); exit;
  }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (is_method("INVITE")) record_route();
  if (!lookup("location")) {{ sl_send_reply("404","Not Found"); exit; }}
  t_relay();
}}
"""


class Kamailio:
    """`async with Kamailio(directory) as registrar`. The password is `secret`; it forgets everybody at a stop."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory / "kamailio"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        (self._directory / "kamailio.cfg").write_text(CONFIG.format(port=self.port))
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when it listens."""
        with (self._directory / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("kamailio", "-f", str(self._directory / "kamailio.cfg"), "-DD", "-E", "-Y", str(self._directory)),
                *("-m", "16", "-M", "4"),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """It and all that it knew are gone."""
        if self._process is not None:
            # On a busy machine its processes may wait for each other for a minute, which is its own limit.
            await ended(self._process)
            self._process = None
