"""Every setting, in one place: `guichet.yml`, overridden by the environment (`GUICHET_WEB__PORT=8080`).

A setting is a field here with a sentence that says what it does; `guichet config` prints them all
with their value and meaning, and a test compares them with docs/settings.md.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from bot import pack as packs
from bot.errors import BadSettings
from bot.pack import Pack, load_pack

PROJECT_DIR = packs.PROJECT_DIR


class Section(BaseModel):
    """A group of settings. An unknown name is an error: it is most often a spelling mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(Section):
    """The HTTP and WebSocket server."""

    host: str = Field("127.0.0.1", description="Address to listen on; put a TLS proxy in front before opening it.")
    port: int = Field(8010, ge=1, le=65535, description="Port of the web server.")
    max_message_chars: int = Field(
        2000, ge=50, le=20000, description="Longest message that a visitor may send, in characters."
    )
    messages_per_minute: int = Field(30, ge=1, description="How many messages one conversation may send in a minute.")
    desk_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token of /api/desk and /api/calls. Empty: made at first start, kept in the data directory.",
    )


class DialogueSettings(Section):
    """Rasa and its action server."""

    supervise: bool = Field(
        True,
        description="Whether `guichet serve` starts Rasa and the action server itself; false when they run elsewhere.",
    )
    rasa_url: str = Field("http://127.0.0.1:5005", description="Where Rasa answers.")
    actions_url: str = Field("http://127.0.0.1:5055", description="Where the action server answers.")
    rasa_python: Path = Field(Path(".venv-rasa/bin/python"), description="Python of the Rasa environment (3.10).")
    answer_timeout_seconds: float = Field(
        4.0,
        gt=0,
        le=60,
        description="How long to wait for an answer of the dialogue before saying so and offering a person.",
    )
    start_timeout_seconds: float = Field(
        180.0, gt=0, description="How long Rasa may take to start before it is stopped and started again."
    )


class SpeechSettings(Section):
    """Recognition (Whisper) and synthesis (Piper)."""

    whisper_model: str = Field(
        "whisper-base",
        description="Recogniser: a name under <data>/models, or the path of a CTranslate2 Whisper model.",
    )
    voice: str = Field(
        "fr_FR-siwis-kokoro", description="Voice: a name under <data>/voices, or the path of a Piper .onnx voice."
    )
    recogniser_workers: int = Field(
        2, ge=1, le=16, description="Transcriptions that may run side by side (Whisper's weights are shared)."
    )
    recogniser_threads: int = Field(
        1, ge=1, le=64, description="Threads of one transcription; on two cores, one is twice as fast as two."
    )
    synthesis_threads: int = Field(2, ge=1, le=64, description="Threads of one synthesis.")
    length_scale: float = Field(1.0, ge=0.5, le=2.0, description="Speaking pace: 1.2 speaks a fifth slower.")
    prerender: bool = Field(
        True, description="Whether fixed prompts and answers are spoken into the cache in advance, while no call is on."
    )


class PhoneSettings(Section):
    """The telephone line."""

    enabled: bool = Field(True, description="Whether to answer the telephone.")
    host: str = Field("127.0.0.1", description="Address of the SIP socket; the network interface is chosen by it.")
    port: int = Field(5070, ge=1, le=65535, description="UDP and TCP port of the SIP socket.")
    rtp_ports: str = Field(
        "20000-20999", pattern=r"^\d{4,5}-\d{4,5}$", description="UDP ports of the sound, first-last."
    )
    account: str = Field(
        "", description="SIP account to register, as user@host; empty to answer calls sent to host:port directly."
    )
    password: SecretStr = Field(SecretStr(""), description="Password of that account.")
    transport: Literal["udp", "tcp", "tls"] = Field("udp", description="Transport of the registration.")
    ca_file: str = Field("", description="Certificate authorities for TLS; required with transport tls.")
    max_calls: int = Field(4, ge=1, le=500, description="Calls at the same time; the next one is refused as busy.")
    transfer_to: str = Field(
        "",
        description="SIP URI that receives a caller who asks for a person; empty: the request goes to the desk only.",
    )


class ConversationSettings(Section):
    """How long a caller and the bot may take. Seconds."""

    pause_seconds: float = Field(
        0.2, gt=0.1, le=2, description="Silence after which transcription starts, still revocable."
    )
    turn_over_seconds: float = Field(0.6, gt=0.2, le=3, description="Silence that ends the caller's turn.")
    turn_over_complete_seconds: float = Field(
        0.45, gt=0.2, le=3, description="The same when the transcript is already a confident, finished sentence."
    )
    max_utterance_seconds: float = Field(20.0, gt=2, le=60, description="Longest turn of a caller that is listened to.")
    silence_seconds: float = Field(7.0, gt=2, le=60, description="Silence after which the caller is asked again.")
    silences_before_goodbye: int = Field(3, ge=1, le=10, description="Silences in a row that end the call.")
    misheard_before_person: int = Field(
        2, ge=1, le=10, description="Turns in a row that could not be understood before a person is offered at once."
    )


class StoreSettings(Section):
    """Where conversations, turns and handovers are kept."""

    url: SecretStr = Field(
        SecretStr(""),
        description="Database: empty for SQLite in the data directory, or postgresql://user:password@host/name.",
    )
    keep_days: int = Field(30, ge=1, le=3650, description="Days after which an ended conversation is erased.")


class LogSettings(Section):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    format: Literal["text", "json"] = Field("text", description="Lines for a person, or JSON for a collector.")


class Settings(BaseSettings):
    """All settings. Relative paths start from the project directory."""

    model_config = SettingsConfigDict(
        env_prefix="GUICHET_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(Path("var"), description="Models, voices, rendered speech and the SQLite database.")
    pack: Path = Field(
        Path(), description="Directory of the service's pack: questions, answers, sentences (docs/packs.md)."
    )
    service_name: str = Field(
        "", description="Name of the service, with its article, as it is spoken. Empty: the one of the pack."
    )
    web: WebSettings = Field(default=WebSettings(), description="The HTTP and WebSocket server.")
    dialogue: DialogueSettings = Field(default=DialogueSettings(), description="Rasa and its action server.")
    speech: SpeechSettings = Field(default=SpeechSettings(), description="Recognition and synthesis.")
    phone: PhoneSettings = Field(default=PhoneSettings(), description="The telephone line.")
    conversation: ConversationSettings = Field(default=ConversationSettings(), description="Patience, in seconds.")
    store: StoreSettings = Field(default=StoreSettings(), description="The database.")
    log: LogSettings = Field(default=LogSettings(), description="The log.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            YamlConfigSettingsSource(settings_cls, yaml_file=settings_file(), yaml_file_encoding="utf-8"),
        )

    @property
    def data_path(self) -> Path:
        """The data directory, absolute."""
        return PROJECT_DIR / self.data_dir

    @property
    def models_path(self) -> Path:
        """Where recognisers are installed, one directory each."""
        return self.data_path / "models"

    @property
    def voices_path(self) -> Path:
        """Where Piper voices are installed, two files each (.onnx, .onnx.json)."""
        return self.data_path / "voices"

    def load_pack(self) -> Pack:
        """The chosen pack, read anew. Raises `BadSettings` or `BadKnowledge`, naming the remedy."""
        return load_pack(PROJECT_DIR / self.pack, service=self.service_name)

    @property
    def dialogue_home(self) -> Path:
        """Where the pack's model and generated files live. Raises like `load_pack`."""
        return self.load_pack().home(self.data_path)

    @property
    def dialogue_model_path(self) -> Path:
        """The promoted Rasa model of the chosen pack. Raises like `load_pack`."""
        return self.dialogue_home / "model.tar.gz"

    @property
    def pid_file(self) -> Path:
        """Holds the process id of the running gateway."""
        return self.data_path / "run" / "guichet.pid"

    def desk_token(self) -> str:
        """The bearer token of the desk: the configured one, or the one made at first start."""
        return self.web.desk_token.get_secret_value() or self.secret("desk_token")

    def secret(self, name: str) -> str:
        """A random secret kept in the data directory (mode 600), made at first use. 43 characters."""
        path = self.data_path / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_urlsafe(32))
            except FileExistsError:  # another process was quicker
                pass
        return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One line of `guichet config`."""

    name: str
    value: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "GUICHET_" + self.name.replace(".", "__").upper()


def settings_file() -> Path:
    """`guichet.yml` beside the project, or the file named by GUICHET_CONFIG."""
    return Path(os.environ.get("GUICHET_CONFIG") or PROJECT_DIR / "guichet.yml")


def load_settings(**overrides: Any) -> Settings:
    """Reads file and environment. Raises `BadSettings`, naming the setting and what is wrong with its value."""
    path = settings_file()
    if os.environ.get("GUICHET_CONFIG") and not path.is_file():
        raise BadSettings(f"GUICHET_CONFIG names {path}, which is not a file: correct the path or unset the variable.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise BadSettings(
            f"Wrong settings in {path.name} or the environment: {faults}. `guichet config` lists every setting."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise BadSettings(f"{path}{where} is not valid YAML: {getattr(error, 'problem', error)}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} cannot be read: {error}.") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


def describe(current: Settings) -> Iterator[SettingInfo]:
    """Every setting with its current value, default and meaning, in the order of this file."""
    for name, field in Settings.model_fields.items():
        value = getattr(current, name)
        if isinstance(value, Section):
            for inner_name, inner in type(value).model_fields.items():
                yield SettingInfo(
                    f"{name}.{inner_name}",
                    str(getattr(value, inner_name)),
                    str(inner.default),
                    inner.description or "",
                )
        else:
            yield SettingInfo(name, str(value), str(field.default), field.description or "")
