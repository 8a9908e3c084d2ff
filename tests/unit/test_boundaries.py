"""The walls of the house: pure modules stay pure, each outside library has one adapter, and bot does not know voice."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLOCKS_AND_WIRES = {"asyncio", "time", "socket", "threading", "subprocess", "aiohttp", "structlog", "logging", "random"}
PURE = [
    "voice/call.py",
    "voice/call_messages.py",
    "voice/ear.py",
    "voice/turn.py",
    "voice/framing.py",
    "voice/plausibility.py",
    "voice/transcript.py",
    "voice/phonetic.py",
    "voice/corrections.py",
    "voice/sentences.py",
    "voice/spoken_french.py",
    "voice/sip/play_queue.py",
    "bot/dialogue.py",
    "bot/lexicon.py",
    "bot/summary.py",
    "bot/nlu/context.py",
    "bot/nlu/decision.py",
    "bot/nlu/evidence.py",
    "bot/nlu/french.py",
    "bot/nlu/incoming.py",
    "bot/nlu/text.py",
    "actions/replies.py",
    "actions/turn.py",
    "actions/wording.py",
]
# Where bot may know voice: the wiring, the commands, and the two ends of the call's record and test caller.
WIRED = {"bot/app.py", "bot/records.py", "bot/callers.py"}
ADAPTERS = {
    "baresip": {"voice/sip/"},
    "ctranslate2": {"voice/whisper.py"},
    "piper": {"voice/piper_voice.py"},
    "onnx": {"voice/install/"},
    "sqlalchemy": {"bot/store/"},
    "rasa": {"bot/nlu/"},
    "rasa_sdk": {"actions/"},
}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for top in ("bot", "voice", "actions") for path in (ROOT / top).rglob("*.py")]


@pytest.mark.parametrize("module", PURE)
def test_a_core_reads_no_clock_and_opens_no_wire(module: str) -> None:
    tops = {name.split(".")[0] for name in imports(ROOT / module)}
    assert not tops & CLOCKS_AND_WIRES


def test_bot_knows_voice_only_where_it_is_wired() -> None:
    guilty = [
        module
        for module in modules()
        if module.startswith("bot/") and module not in WIRED and not module.startswith("bot/commands/")
        if any(name.split(".")[0] == "voice" for name in imports(ROOT / module))
    ]
    assert guilty == []


def test_voice_knows_of_bot_only_the_dialogue_the_errors_and_the_settings() -> None:
    allowed = {"bot.dialogue", "bot.errors", "bot.settings"}
    guilty = {
        module: found
        for module in modules()
        if module.startswith("voice/")
        if (found := {name for name in imports(ROOT / module) if name.startswith("bot")} - allowed)
    }
    assert guilty == {}


@pytest.mark.parametrize("library", ADAPTERS)
def test_each_library_has_one_adapter(library: str) -> None:
    guilty = [
        module
        for module in modules()
        if any(name.split(".")[0] == library for name in imports(ROOT / module))
        and not any(module.startswith(place) for place in ADAPTERS[library])
    ]
    assert guilty == []
