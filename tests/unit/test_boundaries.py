"""The walls of the house: pure modules stay pure, each outside library has one adapter, and bot does not know voice."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLOCKS_AND_WIRES = {"asyncio", "time", "socket", "threading", "subprocess", "aiohttp", "structlog", "logging", "random"}
PURE = [
    "voice/asked.py",
    "voice/call.py",
    "voice/call_messages.py",
    "voice/callback_offer.py",
    "voice/calling_back.py",
    "voice/continued.py",
    "voice/ear.py",
    "voice/dictation.py",
    "voice/endpointing.py",
    "voice/french/figures.py",
    "voice/hold_music.py",
    "voice/ladders.py",
    "voice/listening.py",
    "voice/lines/audiosocket.py",
    "voice/lines/codecs.py",
    "voice/lines/dialects.py",
    "voice/lines/json_messages.py",
    "voice/lines/ledger.py",
    "voice/lines/media_streams.py",
    "voice/lines/playout.py",
    "voice/lines/twiml.py",
    "voice/loudness.py",
    "voice/live_sound.py",
    "voice/marked_wav.py",
    "voice/meaning.py",
    "voice/mistaken.py",
    "voice/passing_on.py",
    "voice/patience.py",
    "voice/phase.py",
    "voice/queue_words.py",
    "voice/ringback.py",
    "voice/rung_phone.py",
    "voice/short_answers.py",
    "voice/talk_state.py",
    "voice/to_a_person.py",
    "voice/turn.py",
    "voice/waiting.py",
    "voice/wording.py",
    "voice/framing.py",
    "voice/plausibility.py",
    "voice/transcript.py",
    "bot/nlu/phonetic.py",
    "voice/corrections.py",
    "voice/sentences.py",
    "voice/spoken.py",
    "voice/spoken_french.py",
    "voice/sip/play_queue.py",
    "voice/softphone/offer.py",
    "bot/accounts/names.py",
    "bot/accounts/oidc_claims.py",
    "bot/accounts/roles.py",
    "bot/accounts/texts.py",
    "bot/accounts/throttle.py",
    "bot/accounts/totp.py",
    "bot/agent_briefing.py",
    "bot/audit/chain.py",
    "bot/desk/handover.py",
    "bot/desk/payload.py",
    "bot/desk/routing.py",
    "bot/desk/suggestions.py",
    "bot/desk/views.py",
    "bot/dialogue.py",
    "bot/call_findings.py",
    "bot/call_timeline.py",
    "bot/lexicon.py",
    "bot/opening_calendar.py",
    "bot/opening_hours.py",
    "bot/opening_words.py",
    "bot/phone_numbers.py",
    "bot/chats/hostile.py",
    "bot/limits.py",
    "bot/origins.py",
    "bot/spoken_messages.py",
    "bot/summary.py",
    "bot/nlu/context.py",
    "bot/nlu/decision.py",
    "bot/nlu/evidence.py",
    "bot/nlu/french.py",
    "bot/nlu/incoming.py",
    "bot/nlu/standing.py",
    "bot/nlu/text.py",
    "actions/replies.py",
    "actions/turn.py",
    "actions/wording.py",
]
# Where bot may know voice: the wiring, the commands, and the two ends of the call's record and test caller.
WIRED = {
    "bot/agent_callbacks.py",
    "bot/agent_calls.py",
    "bot/app.py",
    "bot/callers.py",
    "bot/desk/callers.py",
    "bot/records.py",
    "bot/spoken_ahead.py",
    "bot/telephone.py",
    "bot/widget_voice.py",
}
ADAPTERS = {
    "argon2": {"bot/accounts/passwords.py"},
    "aioice": {"voice/softphone/addresses.py"},
    "aiortc": {"voice/softphone/peer.py"},
    "av": {"voice/other_formats.py", "voice/softphone/peer.py", "voice/stretch.py"},
    "baresip": {"voice/sip/"},
    "ctranslate2": {"voice/whisper.py"},
    "piper": {"voice/piper_voice.py"},
    "joserfc": {"bot/accounts/oidc.py"},
    "onnx": {"voice/install/"},
    "pyotp": {"bot/accounts/totp.py"},
    "segno": {"bot/accounts/totp.py"},
    "sqlalchemy": {"bot/store/"},
    "prometheus_client": {"bot/metrics.py"},
    "holidays": {"bot/public_holidays.py"},
    "phonenumbers": {"bot/phone_numbers.py"},
    "rasa": {"bot/nlu/"},
    "rasa_sdk": {"actions/"},
}


SINCE_3_11 = {
    "tomllib",
    "asyncio.timeout",
    "asyncio.TaskGroup",
    "asyncio.Runner",
    "builtins.ExceptionGroup",
    "datetime.UTC",
    "enum.StrEnum",
    "enum.verify",
    "typing.Self",
    "typing.assert_never",
    "typing.LiteralString",
    "typing.Never",
    "typing.NotRequired",
    "typing.Required",
    "typing.assert_type",
    "typing.reveal_type",
    "typing.override",
}
UNDERSTOOD_BY_RASA = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "bot/nlu").rglob("*.py"))


@cache
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


def test_voice_knows_of_bot_only_the_dialogue_the_errors_the_settings_the_log_and_how_french_sounds() -> None:
    allowed = {"bot.dialogue", "bot.errors", "bot.logs", "bot.nlu.phonetic", "bot.settings"}
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


@pytest.mark.parametrize("module", UNDERSTOOD_BY_RASA)
def test_what_rasa_loads_knows_nothing_else_of_guichet_and_runs_on_its_older_python(module: str) -> None:
    others = {name for name in imports(ROOT / module) if name.split(".")[0] in ("bot", "voice", "actions")}
    assert not {name for name in others if name != "bot.nlu" and not name.startswith("bot.nlu.")}
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"), feature_version=(3, 10))
    used = set(imports(ROOT / module))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            used |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Name) and node.id in ("ExceptionGroup", "BaseExceptionGroup"):
            used.add("builtins.ExceptionGroup")
        assert not isinstance(node, ast.TryStar)
    assert not used & SINCE_3_11
