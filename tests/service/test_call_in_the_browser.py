"""A caller is handed to an agent: a SIP telephone that is not ours, the whole service, and the console in a browser.

Chromium plays a recording into its microphone, and what it would play to the agent's ear is kept; both ends are
listened to by transcribing them.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from playwright.async_api import Page, async_playwright, expect

from tests.browser.console_page import ConsolePage, built_console  # noqa: F401  (a fixture)
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.sounds import write_wav
from tests.service.running import Service
from tests.service.test_calls import pcm_of, transcribed, words
from voice.audio import pcm_to_float
from voice.whisper import Whisper

PASSWORD = "une phrase assez longue pour passer"
CALLER, AGENT = "prelevement.wav", "outre_mer.wav"
GAP = bytes(8000 * 2 * 2)
SPOKEN_SECONDS = 25  # both recordings several times: the recogniser spells a word otherwise now and then
CHROMIUM = Path("/usr/bin/chromium")
# Keeps what the page plays of the call: 16-bit PCM at 8 kHz, in base64, under window.heard(). Of a call that is over
# there is silence for ever, which is not mixed into the next.
LISTEN = """
(() => {
  const Real = window.RTCPeerConnection;
  const blocks = [];
  let latest;
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => {
        const context = new AudioContext({ sampleRate: 8000 });
        const ear = context.createScriptProcessor(1024, 1, 1);
        latest = ear;
        ear.onaudioprocess = ({ inputBuffer }) => {
          if (ear === latest) blocks.push(inputBuffer.getChannelData(0).slice());
        };
        context.createMediaStreamSource(new MediaStream([track])).connect(ear);
        ear.connect(context.destination);
      });
    }
  };
  window.heard = () => {
    const bytes = new Uint8Array(blocks.length * 2048);
    const view = new DataView(bytes.buffer);
    blocks.flatMap((block) => [...block]).forEach((sample, at) => view.setInt16(at * 2, sample * 32767, true));
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
})();
"""


@asynccontextmanager
async def agent_at_the_console(service: Service, microphone: Path) -> AsyncIterator[ConsolePage]:
    arguments = [
        "--no-sandbox",
        "--headless",
        "--disable-gpu",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = await browser.new_page(locale="fr-FR", viewport={"width": 1366, "height": 768})
        page.set_default_timeout(15_000)
        await page.add_init_script(LISTEN)
        console = ConsolePage(page, service.url)
        await console.open()
        await page.get_by_label("Identifiant").fill("jeanne")
        await page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("switch", name="Disponible").click()
        yield console
        await browser.close()


async def heard_by_the_agent(page: Page) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return pcm_to_float(base64.b64decode(await page.evaluate("window.heard()")))


async def test_a_caller_and_an_agent_in_the_browser_hear_each_other(
    built_console: Path,  # noqa: F811
    service: Service,
    recogniser: Whisper,
    tmp_path: Path,
) -> None:
    microphone = write_wav(tmp_path / "agent.wav", pcm_of(AGENT) + GAP, rate_hz=8000, channels=1)
    spoken = GAP + (pcm_of(CALLER) + GAP) * 12
    await asyncio.to_thread(service.add_user, "jeanne", "Jeanne D.", PASSWORD)
    async with (
        agent_at_the_console(service, microphone) as console,
        BaresipPhone(tmp_path / "phone", spoken) as phone,
    ):
        page = console.page
        takes_calls = page.get_by_role("switch", name="Je prends les appels")
        await takes_calls.click()
        await page.get_by_role("dialog").get_by_role("button", name="Prendre les appels").click()
        await phone.dial(service.sip_uri)
        await phone.press("0")
        card = page.locator(".incoming")
        await expect(card).to_contain_text("Appel entrant", timeout=30_000)
        await card.get_by_role("button", name="Prendre l’appel").click()
        await expect(page.get_by_role("region", name="Votre appel")).to_contain_text("En communication", timeout=30_000)
        await asyncio.sleep(SPOKEN_SECONDS)
        await page.screenshot(path=tmp_path / "call.png")
        agents_ear = await heard_by_the_agent(page)
        await page.get_by_role("button", name="Raccrocher").click()
        await phone.expect("CALL_CLOSED", 20)
        callers_ear = pcm_to_float(phone.heard())
        await expect(page.get_by_text("Le robot avait-il raison")).to_be_visible()
        # The service is others' too: their callers are not to wait for her.
        await takes_calls.click()
        await page.get_by_role("switch", name="Disponible").click()
        await expect(page.get_by_role("switch", name="Disponible")).not_to_be_checked()
    for ear, said in ((agents_ear, CALLER), (callers_ear, AGENT)):
        expected = set(words(recogniser_text(said)))
        heard = transcribed(recogniser, ear)
        # "À quel date … prélvées" was heard well enough: who checks the ear does not check its spelling.
        understood = [one for one in expected if get_close_matches(one, words(heard), 1, 0.8)]
        assert len(understood) >= 0.6 * len(expected), (said, expected, heard)


def recogniser_text(name: str) -> str:
    """What was said in the recording."""
    manifest = (Path(__file__).parents[1] / "audio" / "manifest.tsv").read_text(encoding="utf-8")
    return next(line.split("\t")[1] for line in manifest.splitlines() if line.startswith(name))
