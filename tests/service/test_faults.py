"""What breaks, on a service of its own: the caller and the visitor get a clear word, and the service comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import Service

AUDIO = Path(__file__).parents[1] / "audio"


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "data")
    yield running
    running.stop()


def test_a_killed_rasa_is_admitted_to_caller_and_visitor_and_started_again(own_service: Service) -> None:
    own_service.start()
    os.kill(own_service.children()["rasa run"], signal.SIGSTOP)  # it accepts, and never answers
    (call,) = own_service.lines("call", str(AUDIO / "gratuit.wav"), "--json")
    assert "personne" in call["spoken"]
    assert own_service.health()["parts"]["dialogue"]
    os.kill(own_service.children()["rasa run"], signal.SIGKILL)
    own_service.wait_until(lambda health: health["parts"]["dialogue"]["status"] != "ok", 20)
    own_service.wait_until(lambda health: health["status"] == "ok")
    (reply,) = own_service.lines("ask", "--json", "Comment adhérer ?")
    assert reply["outcome"] == "answered"


def test_a_gateway_killed_outright_leaves_no_process_behind_and_starts_again(own_service: Service) -> None:
    own_service.start()
    children = own_service.children()
    assert len(children) == 3
    assert own_service.process is not None
    own_service.process.kill()
    own_service.process.wait()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in children.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [name for name, pid in children.items() if Path(f"/proc/{pid}/cmdline").exists()] == []
    own_service.start()


def test_a_missing_voice_leaves_the_chat_alive_and_names_the_remedy(own_service: Service) -> None:
    (own_service.data_dir / "voices").unlink()
    own_service.start(ready=False)
    health = own_service.wait_until(lambda health: health["status"] == "degraded")
    assert "guichet voices install" in health["parts"]["speech"]["detail"]
    (reply,) = own_service.lines("ask", "--json", "Comment adhérer ?")
    assert reply["outcome"] == "answered"


def test_a_taken_sip_port_leaves_the_chat_alive_and_names_the_setting(own_service: Service) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", own_service.sip_port))
        own_service.start(ready=False)
        health = own_service.wait_until(lambda health: health["parts"]["phone"]["status"] == "down")
        (reply,) = own_service.lines("ask", "--json", "Comment adhérer ?")
    assert reply["outcome"] == "answered"
    assert "phone.port" in health["parts"]["phone"]["detail"]


def test_without_a_trained_model_serving_is_refused_with_the_command_that_trains(own_service: Service) -> None:
    (own_service.data_dir / "rasa").unlink()
    done = own_service.guichet("serve")
    assert done.returncode == 2
    assert "guichet train" in done.stderr


def test_wrong_settings_are_refused_by_name(own_service: Service, tmp_path: Path) -> None:
    config = tmp_path / "guichet.yml"
    config.write_text("web: {prot: 1}\n", encoding="utf-8")
    own_service.env["GUICHET_CONFIG"] = str(config)
    done = own_service.guichet("serve")
    assert done.returncode == 2
    assert "web.prot" in done.stderr
