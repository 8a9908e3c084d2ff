"""Speaking to the widget, and being read to, in a real browser whose microphone plays a file.

The page is another site's, under the strictest policy; the gateway's two routes are the real ones. What is heard and
said is played by short stand-ins, and once, at the end, by the real recogniser and the real voice.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.commands.evaluate import edit_distance, words_of
from bot.errors import Busy, UnknownConversation
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.settings import Settings, WidgetSettings, load_settings
from bot.web import listening, reading
from bot.web.keys import CHATS, EARS, SETTINGS, SPOKEN_TEXT, TEXTS, VOICE
from bot.web.texts import load_web_texts
from bot.widget_voice import add_voice
from tests.browser.conftest import ARGUMENTS, TIMEOUT_MS
from tests.browser.fake_gateway import TOKEN, FakeGateway, until
from tests.browser.host_site import HostSite
from tests.browser.window import Window
from voice.audio import resample
from voice.engines import load_speech
from voice.marked_wav import wav_head
from voice.wav import read_wav, write_wav

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUDIO = Path(__file__).parents[1] / "audio"
TONE_HZ = 440.0
SPEAK = "Parler au lieu d’écrire"
FINISH = "Terminer et transcrire"
READ = "Écouter la réponse"
# What the page does with the microphone, the network and the sound card is written down from the first script on.
WATCHED = """
window.tracks = []; window.asked = 0; window.played = 0; window.samples = [];
const original = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (original) {
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        window.asked += 1;
        window.wanted = wanted.audio;
        const stream = await original(wanted);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
}
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...at) {
    window.played += this.buffer.duration;
    window.samples.push(...this.buffer.getChannelData(0));
    return start.apply(this, at);
};
"""
LIVE_TRACKS = "() => window.tracks.filter((track) => track.readyState === 'live').length"


@dataclass
class Heard:
    question: str = "Comment adhérer ?"
    confidence: float = 0.9
    plausible: bool = True


@dataclass
class Ears:
    """Takes `seconds` of sound, or what there is at the second press; holds the words back until `says`."""

    words: Heard | None = field(default_factory=Heard)
    seconds: float = 1.0
    is_busy: bool = False
    sound: bytearray = field(default_factory=bytearray)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    says: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def place(self, conversation_id: str) -> Iterator[None]:
        if self.is_busy:
            raise Busy("taken")
        try:
            yield
        finally:
            self.left.set()

    async def listen(self, sounds: AsyncIterator[bytes], enough: Callable[[], Awaitable[None]]) -> Heard | None:
        async for pcm in sounds:
            self.sound += pcm
            self.listening.set()
            if len(self.sound) >= self.seconds * 32000:
                break
        await enough()
        await self.says.wait()
        return self.words


class Reading:
    """Half a second of a tone, which has to be made."""

    content_type = "audio/wav"
    is_ready = False

    async def chunks(self) -> AsyncIterator[bytes]:
        tone = (8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(4000) / 8000)).astype("<i2").tobytes()
        yield wav_head(8000, None) + tone[:4001]
        yield tone[4001:]


class Voice:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def read(self, text: str) -> Reading:
        self.texts.append(text)
        return Reading()


@dataclass
class Room:
    log: list[dict[str, Any]]

    def messages(self, after: int) -> list[dict[str, Any]]:
        return self.log[after:]


@dataclass
class Chats:
    server: FakeGateway

    async def enter(self, conversation_id: str, token: str) -> Room:
        if (conversation_id, token) != (self.server.conversation, TOKEN):
            raise UnknownConversation("No such conversation.")
        return Room(self.server.log)


def base(app: web.Application, server: FakeGateway, settings: Settings) -> None:
    pack = settings.load_pack()
    app[TEXTS] = load_web_texts(pack.prompts(), pack.words["service"])
    app[SETTINGS] = settings
    app[CHATS] = Chats(server)  # type: ignore[assignment]


@pytest.fixture
def ears() -> Ears:
    ears = Ears()
    ears.says.set()
    return ears


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest_asyncio.fixture(loop_scope="session")
async def server(built_widget: Path, ears: Ears, voice: Voice) -> AsyncIterator[FakeGateway]:
    server = FakeGateway(voice={"listen": True, "speak": True})

    def prepare(app: web.Application) -> None:
        base(app, server, Settings(widget=WidgetSettings(listen=True, speak=True)))
        app[EARS], app[VOICE] = ears, voice
        app[SPOKEN_TEXT] = lambda message: str(message.get("type") == "reply" and message["answers"][0]["text"])
        app.add_routes([*listening.routes, *reading.routes])

    server.prepare = prepare
    await server.start()
    yield server
    await server.stop()


StartBrowser = Callable[[Path], Awaitable[Browser]]
OpenHost = Callable[..., Awaitable[Window]]


def sound_file(directory: Path) -> Path:
    """A tone for the microphone."""
    rate_hz = 48000
    path = directory / "tone.wav"
    write_wav(path, (0.3 * np.sin(2 * np.pi * TONE_HZ * np.arange(rate_hz) / rate_hz)).astype(np.float32), rate_hz)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def speaking_browser(chromium: Path) -> AsyncIterator[StartBrowser]:
    """Starts a Chromium whose microphone plays a file, again and again."""
    browsers: dict[Path, Browser] = {}
    async with async_playwright() as playwright:

        async def start(sound: Path) -> Browser:
            if sound not in browsers:
                microphone = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={sound}"]
                browsers[sound] = await playwright.chromium.launch(
                    executable_path=chromium, args=[*ARGUMENTS, *microphone]
                )
            return browsers[sound]

        yield start
        for browser in browsers.values():
            await browser.close()


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_file(tmp_path_factory.mktemp("microphone"))


@pytest_asyncio.fixture(loop_scope="session")
async def open_host(
    speaking_browser: StartBrowser, server: FakeGateway, host: HostSite, tone: Path
) -> AsyncIterator[OpenHost]:
    """Opens the other site's page with the widget. The fixture `host` fails at any violation of its policy."""
    contexts = []

    async def open_host(attributes: str = "data-microphone", *, allowed: bool = True, script: str = "") -> Window:
        browser = await speaking_browser(tone)
        context = await browser.new_context(locale="fr-FR", permissions=["microphone"] if allowed else [])
        contexts.append(context)
        await context.add_init_script(WATCHED + script)
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        await page.goto(host.put(head=f'<script src="{server.url}widget.js" {attributes} async></script>'))
        window = Window(page)
        await window.open()
        return window

    yield open_host
    for context in contexts:
        await context.close()


async def is_off(page: Page) -> None:
    await page.wait_for_function("() => window.tracks.every((track) => track.readyState === 'ended')")


async def test_what_is_said_is_put_into_the_field_to_be_read_and_sent(
    open_host: OpenHost, server: FakeGateway, ears: Ears
) -> None:
    window = await open_host()
    await window.button(SPEAK).click()
    await expect(window.field).to_have_value("Comment adhérer ?")
    await is_off(window.page)
    assert server.questions == []  # nothing is sent by itself
    await window.send.click()
    await window.answered()
    assert server.questions == ["Comment adhérer ?"]


async def test_the_sound_arrives_whole_at_16_khz(open_host: OpenHost, ears: Ears) -> None:
    window = await open_host()
    await window.button(SPEAK).click()
    await expect(window.field).to_have_value("Comment adhérer ?")
    count = len(ears.sound) // 2
    samples = np.array(struct.unpack(f"<{count}h", ears.sound))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(count)))
    assert np.argmax(spectrum) * 16000 / count == pytest.approx(TONE_HZ, abs=3)
    assert np.max(np.abs(samples)) > 1000


async def test_nobody_is_asked_for_a_microphone_before_the_press(open_host: OpenHost, ears: Ears) -> None:
    window = await open_host()
    await expect(window.button(SPEAK)).to_be_visible()
    assert await window.page.evaluate("window.asked") == 0
    ears.seconds = 60.0
    await window.button(SPEAK).click()
    await ears.listening.wait()
    assert await window.page.evaluate("window.wanted") == {
        "echoCancellation": True,
        "noiseSuppression": True,
        "autoGainControl": True,
        "channelCount": 1,
    }


@pytest.mark.parametrize(
    ("attributes", "offered"), [("", True), ("data-microphone", False), ('data-microphone="false"', True)]
)
async def test_it_is_off_unless_operator_and_page_both_allow_it(
    open_host: OpenHost, server: FakeGateway, attributes: str, offered: bool
) -> None:
    server.voice = {"listen": offered, "speak": False}
    window = await open_host(attributes)
    await window.ask("Comment adhérer ?")
    await window.answered()
    await expect(window.button(SPEAK)).to_be_hidden()
    await expect(window.button(READ)).to_have_count(0)


async def test_a_second_press_ends_it_and_the_microphone_is_off_at_once(open_host: OpenHost, ears: Ears) -> None:
    ears.seconds = 60.0
    ears.says.clear()
    window = await open_host()
    await window.button(SPEAK).click()
    await ears.listening.wait()
    assert await window.page.evaluate(LIVE_TRACKS) == 1
    await window.button(FINISH).click()
    assert await window.page.evaluate(LIVE_TRACKS) == 0
    await expect(window.text("Transcription en cours…").first).to_be_visible()
    ears.says.set()
    await expect(window.field).to_have_value("Comment adhérer ?")


async def test_closing_the_window_turns_everything_off(open_host: OpenHost, ears: Ears) -> None:
    ears.seconds = 60.0
    window = await open_host()
    await window.button(SPEAK).click()
    await ears.listening.wait()
    await window.close.click()
    await is_off(window.page)
    async with asyncio.timeout(5):
        await ears.left.wait()


async def test_a_refused_microphone_is_said_and_writing_goes_on(open_host: OpenHost, ears: Ears) -> None:
    window = await open_host(allowed=False)
    await window.button(SPEAK).click()
    await expect(window.text("Le microphone n’est pas autorisé").first).to_be_visible()
    assert not ears.listening.is_set()
    await window.ask("Comment adhérer ?")
    await window.answered()


@pytest.mark.parametrize(
    "browser_says",
    [
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))",
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })",
    ],
    ids=["no microphone", "a page without TLS"],
)
async def test_where_there_is_no_microphone_there_is_no_dead_end(open_host: OpenHost, browser_says: str) -> None:
    window = await open_host(script=browser_says)
    await window.button(SPEAK).click()
    await expect(window.text("Le microphone ne fonctionne pas").first).to_be_visible()
    await expect(window.button(SPEAK)).to_be_enabled()


async def test_a_busy_recogniser_is_said(open_host: OpenHost, ears: Ears) -> None:
    ears.is_busy = True
    window = await open_host()
    await window.button(SPEAK).click()
    await expect(window.text("La voix n’est pas disponible").first).to_be_visible()
    await is_off(window.page)


async def test_noise_is_owned_up_to_and_the_field_keeps_what_was_typed(open_host: OpenHost, ears: Ears) -> None:
    ears.words = None
    window = await open_host()
    await window.field.fill("Bonjour, ")
    await window.button(SPEAK).click()
    await expect(window.text("Nous n’avons rien entendu").first).to_be_visible()
    await expect(window.field).to_have_value("Bonjour, ")


async def test_an_answer_is_read_aloud_under_a_policy_without_media(
    open_host: OpenHost, server: FakeGateway, voice: Voice
) -> None:
    window = await open_host("")
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.button(READ).click()
    await until(lambda: voice.texts)
    await window.page.wait_for_function("() => window.played >= 0.5")
    await expect(window.button(READ)).to_be_visible()  # it is over, and can be asked for again
    assert all(TOKEN not in call for call in server.calls)


@pytest.mark.models
async def test_a_question_is_really_heard_and_its_answer_really_read(
    speaking_browser: StartBrowser, built_widget: Path, tmp_path: Path
) -> None:
    """The microphone asks what the service is for; the recogniser listens to what the page then plays."""
    settings = load_settings()
    settings = settings.model_copy(
        update={"widget": settings.widget.model_copy(update={"listen": True, "speak": True})}
    )
    pack = settings.load_pack()
    knowledge = load_knowledge(pack)
    speech = await asyncio.to_thread(load_speech, settings, load_lexicon(settings), pack.pronunciation)
    subject = knowledge["cea_definition"]
    answer = {"id": subject.intent, "title": subject.title, "text": subject.web, "source": "", "source_url": ""}
    server = FakeGateway(voice={"listen": True, "speak": True})

    def prepare(app: web.Application) -> None:
        base(app, server, settings)
        visitors = add_voice(app, settings, knowledge)
        assert visitors is not None
        visitors.speech = speech

    server.prepare = prepare
    await server.start()
    host = HostSite(server.origin)
    await host.start()
    server.allowed.add(host.origin)
    browser = await speaking_browser(asked_once(AUDIO / "definition.wav", tmp_path))
    context = await browser.new_context(locale="fr-FR", permissions=["microphone"])
    try:
        await context.add_init_script(WATCHED)
        page = await context.new_page()
        await page.goto(host.put(head=f'<script src="{server.url}widget.js" data-microphone async></script>'))
        window = Window(page)
        await window.open()
        await window.button(SPEAK).click()
        await expect(window.field).not_to_have_value("", timeout=40_000)
        said = await window.field.input_value()
        server.replies[said] = {"outcome": "answered", "answers": [answer], "choices": [], "text": ""}
        await window.send.click()
        await window.button(READ).click()
        await expect(window.button(READ)).to_be_hidden()
        await expect(window.button(READ)).to_be_visible(timeout=60_000)
        played = np.array(await page.evaluate("window.samples"), np.float32)
    finally:
        await context.close()
        await host.stop()
        await server.stop()
    assert {"chèque", "associatif"} <= set(re.findall(r"\w+", said.lower())), said
    sound = resample(played, 8000, 16000)
    heard = await speech.hear(sound, len(sound) / 16000)
    wanted = words_of(subject.phone)
    assert edit_distance(wanted, words_of(heard.question)) / len(wanted) < 0.25
    assert host.violations == []


def asked_once(path: Path, directory: Path) -> Path:
    """The question between silences: the microphone plays its file in a ring."""
    samples, rate_hz = read_wav(path)
    silence = np.zeros(3 * rate_hz, np.float32)
    write_wav(directory / "question.wav", np.concatenate([silence, samples, silence]), rate_hz)
    return directory / "question.wav"
