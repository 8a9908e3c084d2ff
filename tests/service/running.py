"""A whole Guichet for the tests: the real command, with its own ports, database and secrets."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.settings import PROJECT_DIR, load_settings
from tests.ports import free_port

SHARED = ("models", "voices", "rasa", "embeddings", "speech-cache")
START_SECONDS = 240


@dataclass
class Service:
    """`env` and `url` to talk to it; `stop` ends it and returns its exit status."""

    data_dir: Path
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        real = load_settings().data_path
        (real / "speech-cache").mkdir(exist_ok=True)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        for name in SHARED:
            (self.data_dir / name).symlink_to(real / name)
        self.web_port, self.sip_port = free_port(), free_port(socket.SOCK_DGRAM)
        self.env = {
            **os.environ,
            "GUICHET_DATA_DIR": str(self.data_dir),
            "GUICHET_WEB__PORT": str(self.web_port),
            "GUICHET_PHONE__PORT": str(self.sip_port),
            "GUICHET_PHONE__RTP_PORTS": "21000-21999",
            "GUICHET_DIALOGUE__RASA_URL": f"http://127.0.0.1:{free_port()}",
            "GUICHET_DIALOGUE__ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
            "GUICHET_WEB__MESSAGES_PER_MINUTE": "600",
            "GUICHET_SPEECH__PRERENDER": "false",  # the cores belong to the tests
            "GUICHET_METRICS__ENABLED": "true",
        } | self.env

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sip_uri(self) -> str:
        return f"sip:guichet@127.0.0.1:{self.sip_port}"

    @property
    def log(self) -> Path:
        return self.data_dir / "serve.log"

    def start(self, *arguments: str, ready: bool = True) -> Service:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "bot", "serve", *arguments]
            self.process = subprocess.Popen(command, cwd=PROJECT_DIR, env=self.env, stdout=log, stderr=log)
        if ready:
            try:
                self.wait_until(lambda health: health["status"] == "ok")
            except BaseException:
                self.stop()  # nobody else will: who wanted it has not got it
                raise
        return self

    def wait_until(self, condition: Any, seconds: float = START_SECONDS) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        health: dict[str, Any] = {}
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode}:\n{self.log.read_text()}")
            health = self.health()
            if health and condition(health):
                return health
            time.sleep(0.3)
        raise AssertionError(f"the service is not as expected after {seconds} s: {health}\n{self.log.read_text()}")

    def health(self) -> dict[str, Any]:
        try:
            return self.get("/health")
        except OSError:
            return {}

    def get(self, path: str, *, desk: bool = False) -> dict[str, Any]:
        return self._ask("GET", path, desk)

    def post(self, path: str, *, desk: bool = False) -> dict[str, Any]:
        return self._ask("POST", path, desk)

    def _ask(self, method: str, path: str, desk: bool) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.desk_token}"} if desk else {}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                body: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            body = json.load(error)
        return body

    def metrics(self) -> str:
        """The page for Prometheus."""
        token = (self.data_dir / "secrets" / "metrics_token").read_text().strip()
        request = urllib.request.Request(self.url + "/metrics", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.read().decode())

    @property
    def desk_token(self) -> str:
        return (self.data_dir / "secrets" / "desk_token").read_text().strip()

    def guichet(
        self, *arguments: str, seconds: float = 240, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of ours against this service."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=PROJECT_DIR,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=seconds,
            input=stdin,
            check=False,
        )

    def lines(self, *arguments: str, seconds: float = 240, stdin: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines a command prints; it must succeed."""
        done = self.guichet(*arguments, seconds=seconds, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def add_user(self, name: str, shown: str, password: str) -> None:
        """An agent's account."""
        added = self.guichet("users", "add", name, "--name", shown, "--password-stdin", stdin=password)
        assert added.returncode == 0, added.stderr

    def children(self) -> dict[str, int]:
        """Process ids of the supervised programs, by a word of their command line."""
        assert self.process is not None
        found = {}
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            for word in ("rasa run", "actions", "voice.sip"):
                if word in command:
                    found[word] = int(pid)
        return found

    def stop(self) -> int:
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
