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
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from bot import origins
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
    windows_per_conversation: int = Field(
        12, ge=2, le=100, description="In how many windows one conversation may be open at a time."
    )
    address_conversations_per_minute: int = Field(
        60, ge=1, description="How many conversations one address may begin in a minute; a library is one address."
    )
    address_messages_per_minute: int = Field(
        600, ge=1, description="How many messages one address may send in a minute, in all its conversations."
    )
    public_url: str = Field(
        "",
        description="Address by which visitors reach this server, as https://chat.example.fr; needed behind a proxy.",
    )
    allowed_origins: tuple[str, ...] = Field(
        (),
        description="Sites whose pages may use the widget, as https://www.example.fr. Empty: this server's own only.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses or networks of proxies whose X-Forwarded-For names the visitor's address.",
    )
    desk_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token of /api/desk and /api/calls. Empty: made at first start, kept in the data directory.",
    )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(origins.allowed(one) for one in given))

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, given: str) -> str:
        return given and origins.public(given)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            ip_network(one, strict=False)  # its error names the value
        return given


class WidgetSettings(Section):
    """Voice in the chat widget; callers on the telephone are served first."""

    listen: bool = Field(
        False, description="Whether visitors may speak their question; the page must allow it too (data-microphone)."
    )
    speak: bool = Field(False, description="Whether visitors may have an answer read aloud, by the telephone's voice.")
    listeners: int = Field(
        2, ge=1, le=50, description="Visitors listened to at the same time, within phone.max_calls with the callers."
    )
    listen_seconds: float = Field(30.0, ge=5, le=120, description="Longest that a visitor is listened to at a time.")
    listen_patience: float = Field(
        1.8, ge=1, le=5, description="How much longer than on the telephone a silence must be to end what is said."
    )
    wait_seconds: float = Field(
        10.0, gt=0, le=60, description="How long a visitor may wait for the recogniser or the voice before being told."
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
        1,
        ge=1,
        le=64,
        description="Threads of one transcription; two gain little and cost a fifth more processor time.",
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
    auth_user: str = Field(
        "",
        description='User of that password, where a trunk calls it otherwise ("auth ID"); empty: that of the account.',
    )
    password: SecretStr = Field(SecretStr(""), description="Password of that account.")
    transport: Literal["udp", "tcp", "tls"] = Field("udp", description="Transport of the registration.")
    ca_file: str = Field("", description="Certificate authorities for TLS; required with transport tls.")
    register_seconds: int = Field(
        120, ge=10, le=86400, description="How often to register; a registrar that forgets us is told again by then."
    )
    numbers: str = Field(
        "",
        description="Numbers answered besides the account's, separated by commas; others get 404. Empty: any.",
    )
    allowed_peers: str = Field(
        "",
        description="IPv4 networks that may reach the SIP socket, separated by commas; the registrar too. Empty: all.",
    )
    codecs: str = Field(
        "pcma,pcmu,g722,opus",
        description="Codecs, the preferred first; a caller's own order decides. Recognition hears 8 kHz with all.",
    )
    encryption: Literal["none", "srtp", "srtp_required", "dtls_srtp"] = Field(
        "none", description="Encryption of the sound: SDES when offered (srtp) or always (srtp_required), or DTLS."
    )
    sound_source: Literal["address", "port", "any"] = Field(
        "address",
        description="Whose sound packets are played: from the announced address, from its announced port only, or any.",
    )
    sound_timeout_seconds: int = Field(
        30, ge=2, le=3600, description="A call whose sound stops coming for so long, without a hold, is taken for dead."
    )
    max_calls: int = Field(
        6, ge=1, le=500, description="Conversations at the same time; two cores carry six (`guichet bench load`)."
    )
    polite_refusals: int = Field(
        4, ge=0, le=100, description="Calls beyond max_calls that are answered to say so; beyond those, the busy tone."
    )
    ring_seconds: float = Field(30.0, ge=1, le=180, description="How long a call that we place may ring.")
    transfer_headers: bool = Field(
        False, description="Whether a blind transfer carries its context as headers of the URI; few PBXes take them."
    )
    transfer_to: str = Field(
        "",
        description="SIP URI that receives a caller who asks for a person; empty: the request goes to the desk only.",
    )
    transfer_mode: Literal["blind", "attended"] = Field(
        "blind", description="blind: passed on at once (REFER); attended: only when the other side has answered."
    )
    offer_callback: bool = Field(
        True, description="Whether a caller whom nobody can take now may leave a number, which the desk shows."
    )
    dial_as: str = Field(
        "",
        description="How a promised callback is dialled, as sip:{number}@pbx.example; empty: the line places no calls.",
    )
    callback_allowed: str = Field(
        "",
        description="Prefixes of the numbers that the line may dial, separated by commas, as +33; empty: none.",
    )


class LinesSettings(Section):
    """The lines beside SIP: Asterisk's AudioSocket and chan_websocket, and providers' media streams."""

    audiosocket_enabled: bool = Field(False, description="Whether to answer Asterisk's AudioSocket.")
    audiosocket_host: str = Field("127.0.0.1", description="Address of the AudioSocket server.")
    audiosocket_port: int = Field(9092, ge=1, le=65535, description="TCP port of the AudioSocket server.")
    audiosocket_calls: Literal["announced", "any"] = Field(
        "announced",
        description="announced: only calls whose UUID came from POST /lines/calls (needs lines.web_enabled); any: all.",
    )
    web_enabled: bool = Field(
        False, description="Whether to answer chan_websocket, media streams and the questions of a dialplan."
    )
    web_host: str = Field("127.0.0.1", description="Address of that web server; TLS is the proxy's in front of it.")
    web_port: int = Field(8011, ge=1, le=65535, description="Port of that web server.")
    public_url: str = Field(
        "", description="How providers reach that web server, as https://bot.example.org; what Twilio signs."
    )
    allowed_peers: str = Field(
        "127.0.0.0/8, ::1",
        description="IP networks a PBX may connect from (AudioSocket, chan_websocket, dialplan), separated by commas.",
    )
    pbx_user: str = Field("guichet", description="User name of the PBX in HTTP Basic authentication.")
    pbx_password: SecretStr = Field(
        SecretStr(""), description="Password of the PBX. Empty: chan_websocket and the dialplan's questions are off."
    )
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="Auth token of the Twilio account; every stream's signature is checked with it."
    )
    media_token: SecretStr = Field(
        SecretStr(""),
        description="Secret of providers that do not sign. Empty, as twilio_auth_token: media streams are off.",
    )
    max_message_bytes: int = Field(
        131072, ge=4096, le=4194304, description="Longest message of a WebSocket, in bytes; longer ones end the call."
    )
    hello_timeout_seconds: float = Field(
        5.0, gt=0, le=60, description="How long a new connection may take to say which call it is."
    )
    idle_timeout_seconds: float = Field(
        30.0, ge=2, le=600, description="A connection that sends nothing for so long is taken for dead."
    )


class ConversationSettings(Section):
    """How long a caller and the bot may take. Seconds."""

    pause_seconds: float = Field(
        0.13, gt=0.05, le=2, description="Silence after which transcription starts, still revocable."
    )
    turn_over_seconds: float = Field(0.55, gt=0.2, le=3, description="Silence that ends the caller's turn.")
    turn_over_complete_seconds: float = Field(
        0.5, gt=0.2, le=3, description="The same when the transcript is already a confident, finished sentence."
    )
    turn_over_short_seconds: float = Field(
        0.4, gt=0.1, le=3, description="The same after an answer of one or two words, as oui or conseiller."
    )
    turn_over_unfinished_seconds: float = Field(
        1.0,
        gt=0.2,
        le=5,
        description="The same when the last word opens something that has not come yet, or too few were understood.",
    )
    turn_over_digits_seconds: float = Field(
        1.3, gt=0.2, le=5, description="The same while a number is dictated, which people say in groups."
    )
    goes_on_seconds: float = Field(
        1.2, ge=0, le=5, description="Who speaks again so soon after their last sound goes on with their question."
    )
    reacts_seconds: float = Field(
        0.5, ge=0, le=2, description="So soon after the first sound of an answer nobody reacts to it: they go on, too."
    )
    answer_waits_seconds: float = Field(
        4.0, gt=0, le=20, description="How long an answer that is there waits for the end of other sound on the line."
    )
    interrupt_seconds: float = Field(
        0.12, gt=0.05, le=2, description="Speech of the caller after which the bot stops talking to listen."
    )
    waiting_word_seconds: float = Field(
        2.0, gt=0.5, le=20, description="After so long without an answer, the caller hears that it is being looked for."
    )
    max_utterance_seconds: float = Field(20.0, gt=2, le=60, description="Longest turn of a caller that is listened to.")
    silence_seconds: float = Field(7.0, gt=2, le=60, description="Silence after which the caller is asked again.")
    silences_before_goodbye: int = Field(3, ge=1, le=10, description="Silences in a row that end the call.")
    misheard_before_person: int = Field(
        2, ge=1, le=10, description="Turns in a row that could not be understood before a person is offered at once."
    )


class HoursSettings(Section):
    """When people can be reached."""

    file: str = Field(
        "", description="File of the opening hours (docs/hours.md). Empty: data/hours.yml of the pack, if it has one."
    )


class DeskSettings(Section):
    """The desk: who waits for a person, and who takes them."""

    mode: Literal["manual", "automatic"] = Field(
        "manual", description="manual: agents take from the list; automatic: each is offered to the agent free longest."
    )
    capacity: int = Field(
        3, ge=1, le=50, description="Conversations that an agent has at a time, unless set otherwise."
    )
    offer_seconds: int = Field(30, ge=5, le=600, description="How long an agent may take to accept an offer.")
    agent_lost_seconds: int = Field(
        45,
        ge=10,
        le=600,
        description="Without a sign of life for so long, an agent's conversations go back to the queue.",
    )
    wrap_up_seconds: int = Field(
        180, ge=0, le=3600, description="How long an agent may take to write up a conversation before it closes itself."
    )
    idle_minutes: int = Field(
        30,
        ge=1,
        le=1440,
        description="Without a word for so long, a conversation with an agent is given back to the bot.",
    )
    queue_minutes: int = Field(
        60, ge=1, le=1440, description="Longest wait in the queue; then a callback or a message is offered."
    )
    queue_limit: int = Field(
        50, ge=1, le=10000, description="How many chats may wait; further ones are offered a callback or a message."
    )
    nobody_seconds: int = Field(
        120, ge=5, le=3600, description="Without any agent for so long, those who wait are told that nobody is there."
    )
    missed_call_hours: int = Field(
        24, ge=1, le=720, description="How long a call that asked for a person and was hung up stays in the list."
    )
    callbacks: bool = Field(True, description="Whether visitors may ask to be called back.")
    callbacks_per_slot: int = Field(2, ge=1, le=1000, description="Callbacks promised for the same hour.")
    callback_hours: int = Field(
        24, ge=1, le=720, description="Within how many hours a callback that was promised without an hour is due."
    )
    dialling_minutes: int = Field(
        30, ge=1, le=1440, description="A callback that is being made for so long without a result is to be made again."
    )
    messages: bool = Field(True, description="Whether visitors may leave a written message.")
    calls: Literal["desk", "line"] = Field(
        "desk",
        description="Callers who want a person. desk: they wait in the queue while an agent who takes calls is "
        "available in the console, otherwise as with line. line: phone.transfer_to, or a promised callback.",
    )
    call_ways: list[Literal["browser", "phone", "transfer"]] = Field(
        ["browser", "phone"],
        min_length=1,
        description="How agents may take a call. browser: headset, in the console; phone: their telephone rings, they "
        "hear a summary and press 1; transfer: the line passes the call on to their telephone (SIP REFER).",
    )
    call_wait_minutes: int = Field(
        10, ge=1, le=120, description="Longest wait of a caller; then a callback is offered, or phone.transfer_to."
    )
    agent_extensions: str = Field(
        "(?!3[0-9]{3}$)[2-9][0-9]{1,5}",  # as bot.desk.agent_numbers.DEFAULT_EXTENSIONS
        description="Regular expression of the internal numbers at which agents may have themselves called; other "
        "numbers must be allowed by phone.callback_allowed. Dialled by phone.dial_as. Name those of the PBX; empty: "
        "there are none. Emergency numbers and 118 xyz are refused whatever it says.",
    )
    softphone_addresses: tuple[str, ...] = Field(
        (),
        description="Addresses at which agents' browsers reach this machine for sound. Empty: all of its own; to be "
        "named in a container or behind a NAT.",
    )
    softphone_ports: str = Field(
        "30000-30199",
        pattern=r"^\d{4,5}-\d{4,5}$",
        description="UDP ports of the sound of agents' browsers, first-last; one for each address and call.",
    )
    team_by_theme: dict[str, str] = Field(
        {},
        description="Team that answers questions of a theme of the knowledge, as {Absences: paie}; others go to all.",
    )

    @field_validator("softphone_addresses")
    @classmethod
    def _are_addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(one)) for one in given)  # its error names the value

    @field_validator("softphone_ports")
    @classmethod
    def _is_range(cls, given: str) -> str:
        first, last = (int(port) for port in given.split("-"))
        if not 1024 <= first <= last <= 65535:
            raise ValueError("first-last, from 1024 to 65535")
        return given


class StoreSettings(Section):
    """Where conversations, turns and handovers are kept."""

    url: SecretStr = Field(
        SecretStr(""),
        description="Database: empty for SQLite in the data directory, or postgresql://user:password@host/name.",
    )
    keep_days: int = Field(30, ge=1, le=3650, description="Days after which an ended conversation is erased.")


class NotifySettings(Section):
    """Where links and promised callbacks are announced: the operator's own e-mail, SMS or ticket system."""

    url: str = Field("", description="Address that receives each notice as a signed HTTP POST; empty: none.")
    secret: SecretStr = Field(
        SecretStr(""), description="Secret that signs the notices (Standard Webhooks: whsec_ and base64, or any text)."
    )
    command: list[str] = Field(
        [], description="Program and arguments run for each notice, which it reads as JSON on standard input."
    )
    timeout_seconds: float = Field(10.0, gt=0, le=60, description="How long one delivery may take.")


class AccountsSettings(Section):
    """Who signs in to the console, and how (docs/accounts.md)."""

    public_url: str = Field(
        "", description="How agents reach this server, as https://guichet.example.fr; OpenID Connect needs it."
    )
    passwords: bool = Field(True, description="Whether people may sign in with a password; false with OpenID only.")
    password_min_chars: int = Field(
        12, ge=8, le=64, description="Fewest characters of a password; 12 is what CNIL and ANSSI recommend at least."
    )
    totp_required: Literal["nobody", "administrators", "everybody"] = Field(
        "nobody", description="Who must use a second factor (a code from a telephone) beside the password."
    )
    idle_minutes: int = Field(240, ge=5, le=1440, description="A session that does nothing for so long is over.")
    session_hours: int = Field(12, ge=1, le=72, description="A session is over after so long, whatever it does.")
    audit_keep_days: int = Field(
        365, ge=30, le=3650, description="Days of the audit log that `guichet audit prune` keeps when no date is given."
    )

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, given: str) -> str:
        return given and origins.public(given)


class OidcSettings(Section):
    """Signing in with an OpenID Connect provider, as ProConnect (docs/accounts.md)."""

    issuer: str = Field("", description="Issuer of the provider, as https://auth.example.fr; empty: none.")
    client_id: str = Field("", description="Identifier that the provider gave this installation.")
    client_secret: SecretStr = Field(SecretStr(""), description="Secret that the provider gave this installation.")
    client_auth: Literal["client_secret_post", "client_secret_basic"] = Field(
        "client_secret_post", description="How the secret is sent to the provider."
    )
    algorithm: Literal["RS256", "PS256", "ES256", "HS256"] = Field(
        "RS256", description="The one signature accepted on what the provider says."
    )
    scopes: str = Field("openid profile email", description="Scopes asked for, separated by spaces.")
    label: str = Field("", description="Text of the button that goes to the provider. Empty: a general one.")
    login_claim: str = Field("email", description="Claim that is the person's name at sign-in.")
    name_claims: list[str] = Field(
        ["given_name", "usual_name", "family_name"],
        description="Claims that make the displayed name, those present joined in this order.",
    )
    role_claim: str = Field("", description="Claim that decides the role, as groups; empty: roles are given here.")
    roles: dict[str, Literal["agent", "supervisor", "editor", "administrator"]] = Field(
        {}, description="Role for each value of role_claim; of several the last one named here that applies."
    )
    default_role: Literal["", "agent", "supervisor", "editor", "administrator"] = Field(
        "", description="Role of people without an account who sign in; empty: they are refused."
    )
    required_claims: dict[str, list[str]] = Field(
        {}, description="Claims that must have one of these values, as siret: whoever has another is refused."
    )
    required_amr: list[str] = Field(
        [], description="Ways of authentication of which one must have been used, as mfa; asked through `claims`."
    )
    acr_values: list[str] = Field(
        [], description="Levels of authentication of which one must have been reached; asked through `claims`."
    )


class MetricsSettings(Section):
    """Figures for Prometheus."""

    enabled: bool = Field(False, description="Whether GET /metrics gives figures in Prometheus' format.")
    token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token of /metrics. Empty: made at first start, kept in the data directory.",
    )


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
    widget: WidgetSettings = Field(default=WidgetSettings(), description="Voice in the chat widget.")
    dialogue: DialogueSettings = Field(default=DialogueSettings(), description="Rasa and its action server.")
    speech: SpeechSettings = Field(default=SpeechSettings(), description="Recognition and synthesis.")
    phone: PhoneSettings = Field(default=PhoneSettings(), description="The telephone line.")
    lines: LinesSettings = Field(default=LinesSettings(), description="The lines beside SIP.")
    conversation: ConversationSettings = Field(default=ConversationSettings(), description="Patience, in seconds.")
    hours: HoursSettings = Field(default=HoursSettings(), description="When people can be reached.")
    desk: DeskSettings = Field(default=DeskSettings(), description="The desk.")
    store: StoreSettings = Field(default=StoreSettings(), description="The database.")
    notify: NotifySettings = Field(default=NotifySettings(), description="The hook for links and callbacks.")
    accounts: AccountsSettings = Field(default=AccountsSettings(), description="Who signs in to the console.")
    oidc: OidcSettings = Field(default=OidcSettings(), description="Signing in with an OpenID provider.")
    metrics: MetricsSettings = Field(default=MetricsSettings(), description="Figures for Prometheus.")
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

    def metrics_token(self) -> str:
        """The bearer token of /metrics: the configured one, or the one made at first start."""
        return self.metrics.token.get_secret_value() or self.secret("metrics_token")

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
