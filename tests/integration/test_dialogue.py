"""The real Rasa with the trained model, and the real action server, over their own HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from bot.dialogue import Channel, Outcome, Question, Reading, Reply
from bot.errors import BadMessage, DialogueUnavailable
from bot.evaluation import Scores, read_labelled
from bot.knowledge import load_knowledge
from bot.pack import load_pack
from bot.processes import CHANNEL_PATH, rasa_environment, rasa_python
from bot.rasa_client import RasaDialogue
from bot.settings import PROJECT_DIR, Settings, load_settings
from bot.training import MOST_WRONG, judge
from tests.integration.running_dialogue import Running, running_dialogue

pytestmark = pytest.mark.service

SECRET = "Xylophone Bartabas"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_dialogue(tmp_path_factory.mktemp("dialogue") / "log") as started:
        yield started


class Person:
    """Asks in a conversation of their own."""

    number = 0

    def __init__(self, session: aiohttp.ClientSession, settings: Settings, channel: Channel = Channel.WEB) -> None:
        Person.number += 1
        self._dialogue = RasaDialogue(session, settings)
        self._question = Question(f"test-{os.getpid()}-{Person.number}", channel)

    async def says(self, text: str, heard: float | None = None) -> Reply:
        return await self._dialogue.ask(replace(self._question, text=text, heard_confidence=heard))

    async def picks(self, choice: str) -> Reply:
        return await self._dialogue.ask(replace(self._question, choice=choice))


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_how_to_join_is_answered_with_its_source_in_the_words_of_the_channel(
    running: Running, session: aiohttp.ClientSession
) -> None:
    written = await Person(session, running.settings).says("Comment adhérer au chèque emploi associatif ?")
    spoken = await Person(session, running.settings, Channel.PHONE).says("comment adhérer au chèque emploi associatif")
    subject = load_knowledge()["adhesion_comment"]
    assert [answer.text for answer in written.answers] == [subject.web]
    assert [answer.text for answer in spoken.answers] == [subject.phone]
    assert written.answers[0].source_url == subject.source_url
    assert written.why["nearest"], "the reply says why"
    assert written.ranking[0].intent == "adhesion_comment"


async def test_every_subject_can_be_chosen_and_gives_its_own_text(
    running: Running, session: aiohttp.ClientSession
) -> None:
    person = Person(session, running.settings)
    for subject in load_knowledge().topics:
        reply = await person.picks(subject.intent)
        assert [answer.text for answer in reply.answers] == [subject.web]


async def test_what_was_offered_can_be_chosen_by_its_place(running: Running, session: aiohttp.ClientSession) -> None:
    person = Person(session, running.settings, Channel.PHONE)
    offered = await person.says("comment adhérer", heard=0.1)
    assert (offered.outcome, offered.choices[0].intent) == (Outcome.CLARIFY, "adhesion_comment")
    assert (await person.says("oui" if len(offered.choices) == 1 else "la première")).intent == "adhesion_comment"


async def test_a_word_that_is_written_for_another_too_is_asked_back_where_that_matters(
    running: Running, session: aiohttp.ClientSession
) -> None:
    dialogue = RasaDialogue(session, running.settings)

    async def heard(text: str, other: str) -> list[str]:
        asked = Question(f"{text}-{os.getpid()}", Channel.PHONE, text, heard_confidence=0.75)
        reply = await dialogue.ask(replace(asked, alternatives=(Reading(other, 0.75),)))
        return [choice.intent for choice in reply.choices] or [reply.intent]

    assert await heard("C'est quoi le SIRET ?", "C'est quoi le CEA ?") == ["adhesion_siret", "cea_definition"]


async def test_what_sounds_like_another_question_is_asked_back_when_it_was_heard(
    running: Running, session: aiohttp.ClientSession
) -> None:
    misheard = "Est-ce qu'il faut dans le numéro si réponds sans crier ?"  # "un numéro Siret pour s'inscrire"
    by_telephone = await Person(session, running.settings, Channel.PHONE).says(misheard)
    assert by_telephone.outcome is Outcome.CLARIFY
    assert "adhesion_siret" in [choice.intent for choice in by_telephone.choices]
    assert (await Person(session, running.settings).says(misheard)).why["reason"] != "by_sound"


async def test_two_conversations_know_nothing_of_each_other(running: Running, session: aiohttp.ClientSession) -> None:
    one, other = Person(session, running.settings), Person(session, running.settings)
    await one.says("comment adhérer", heard=0.1)
    assert (await other.says("la première")).outcome is Outcome.ABSTAINED


@pytest.mark.parametrize(
    "text",
    [
        "je veux mourir",
        "bonjour voilà j'ai reçu un courrier de l'urssaf avec les majorations et franchement je vais me suicider",
        "au secours il y a le feu au local",
    ],
)
async def test_a_life_in_danger_is_answered_with_emergency_numbers(
    running: Running, session: aiohttp.ClientSession, text: str
) -> None:
    reply = await Person(session, running.settings, Channel.PHONE).says(text)
    assert reply.intent in ("distress", "emergency")
    assert "15" in reply.texts[0]


@pytest.mark.parametrize("text", ["un conseiller", "je veux parler à quelqu'un", "passez moi une personne svp"])
async def test_a_person_is_one_sentence_away(running: Running, session: aiohttp.ClientSession, text: str) -> None:
    assert (await Person(session, running.settings).says(text)).outcome is Outcome.HANDOVER


async def test_a_foreign_question_is_refused(running: Running, session: aiohttp.ClientSession) -> None:
    reply = await Person(session, running.settings).says("donne-moi la recette des crêpes")
    assert reply.outcome is Outcome.ABSTAINED
    assert not reply.answers


async def test_nonsense_ends_with_a_person_without_saying_the_same_twice(
    running: Running, session: aiohttp.ClientSession
) -> None:
    person = Person(session, running.settings)
    replies = [await person.says("zgrblx wqtrn vvkpfh") for _ in range(3)]
    assert [reply.outcome for reply in replies] == [Outcome.ABSTAINED, Outcome.ABSTAINED, Outcome.HANDOVER]
    assert len({reply.text for reply in replies}) == 3


@pytest.mark.parametrize(
    "text", ["/handover", " /handover", "//handover", "/ /handover", "\u2028/handover", '/handover{"a":1}']
)
async def test_typing_a_command_does_not_reach_past_the_understanding(
    running: Running, session: aiohttp.ClientSession, text: str
) -> None:
    reply = await Person(session, running.settings).says(text)
    assert reply.confidence < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "😀😀😀",
        "日本語で質問",
        "<script>alert(1)</script>",
        "1234 5678 90",
        "BONJOUR",
        "a" * 2000,
        "é\u0301\u200b",
        "\x00\x01",
    ],
)
async def test_strange_texts_get_a_whole_reply_or_a_clear_refusal(
    running: Running, session: aiohttp.ClientSession, text: str
) -> None:
    try:
        reply = await Person(session, running.settings).says(text)
    except BadMessage:
        assert not text.strip().isprintable()
    else:
        assert reply.texts


@pytest.mark.parametrize("text", ["", "   ", "/", "a" * 2001, "a" * 100_000])
async def test_an_empty_or_endless_message_is_refused(
    running: Running, session: aiohttp.ClientSession, text: str
) -> None:
    with pytest.raises(BadMessage):
        await Person(session, running.settings).says(text)


async def test_without_the_token_nobody_is_answered(running: Running, session: aiohttp.ClientSession) -> None:
    url = running.settings.dialogue.rasa_url + CHANNEL_PATH + "/webhook"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \u00e9"}):
        async with session.post(url, json={"sender": "x", "text": "bonjour"}, headers=headers) as response:
            assert response.status == 401


async def test_rasa_offers_no_other_door(running: Running, session: aiohttp.ClientSession) -> None:
    for path in ("/webhooks/rest/webhook", "/model/parse", "/conversations/x/tracker", "/domain"):
        async with session.post(running.settings.dialogue.rasa_url + path, json={}) as response:
            assert response.status in (401, 404, 405)


async def test_the_model_in_service_keeps_its_promise_on_the_regression_questions(running: Running) -> None:
    questions = read_labelled(load_pack().questions_file, load_knowledge())
    judged, _ = await asyncio.to_thread(judge, running.settings, running.settings.dialogue_model_path, questions)
    scores = Scores.of(judged)
    assert scores.wrong <= MOST_WRONG
    assert (scores.ours_served or 0) >= 0.9


async def test_what_is_measured_is_what_is_served(running: Running, session: aiohttp.ClientSession) -> None:
    questions = read_labelled(load_pack().questions_file)[::12]
    judged, _ = await asyncio.to_thread(judge, running.settings, running.settings.dialogue_model_path, questions)
    for one in judged:
        reply = await Person(session, running.settings).says(one.labelled.question)
        offered = tuple(choice.intent for choice in reply.choices)
        if one.kind == "clarify":
            assert offered == one.subjects
        elif one.refused:
            assert reply.outcome is Outcome.ABSTAINED
        elif one.subjects != ("handover",):
            assert tuple(answer.id for answer in reply.answers) in (one.subjects, ()), one


def test_training_twice_gives_the_same_model(tmp_path: Path) -> None:
    """Fitting and calibrating live in the Rasa environment: a small model, twice, bit by bit."""
    script = """
import sys, numpy as np
from pathlib import Path
from bot.nlu.understanding import Subjects, Understanding
class Letters:
    name = "e5-letters"
    def embed(self, text):
        v = np.array([text.count(c) for c in "abcdefgh"], dtype=np.float32) + 0.1
        return v / np.linalg.norm(v)
    def embed_all(self, texts):
        return np.stack([self.embed(text) for text in texts])
themes = {"adhesion": "abba", "bulletin": "cddc", "out_of_scope": "effe", "handover": "ghhg", "distress": "aehd"}
examples = [(w * n + " " + w[:2] * m, k) for k, w in themes.items() for n in (1, 2, 3) for m in (1, 2, 3)]
encoder = Letters()
vectors = np.stack([encoder.embed(t) for t, _ in examples])
kinds = {k: "answer" if k in ("adhesion", "bulletin") else "exchange" for k in themes}
trained = Understanding.train(examples, vectors, Subjects(kinds, kinds), encoder, {})
trained.save(Path(sys.argv[1]))
print([trained.understand(t).ranking[0][0] == k for t, k in examples].count(True) / len(examples))
"""
    environment = {**os.environ, **rasa_environment(load_settings())}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done = subprocess.run(
            [str(rasa_python(load_settings())), "-c", script, str(tmp_path / name)],
            cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) > 0.9
    for file in ("understanding.json", "hybrid.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    with np.load(tmp_path / "one" / "sound.npz") as one, np.load(tmp_path / "two" / "sound.npz") as two:
        assert all(np.array_equal(one[name], two[name]) for name in one.files)


async def test_a_question_that_was_cut_in_a_pause_is_answered_as_if_only_the_whole_had_been_asked(
    running: Running, session: aiohttp.ClientSession
) -> None:
    dialogue = RasaDialogue(session, running.settings)

    async def misses(conversation: str, *texts: tuple[str, int]) -> list[Outcome]:
        asked = Question(f"{conversation}-{os.getpid()}", Channel.PHONE, heard_confidence=0.9)
        return [
            (await dialogue.ask(replace(asked, text=text, turn=turn, replaces=replaces))).outcome
            for turn, (text, replaces) in enumerate(texts, start=1)
        ]

    nonsense = "blorg frazim"
    counted = await misses("counted", (nonsense, 0), (nonsense, 0), (nonsense, 0))
    mended = await misses("mended", (nonsense, 0), (nonsense, 1), (nonsense, 2))
    assert counted[-1] is Outcome.HANDOVER
    assert Outcome.HANDOVER not in mended


async def test_no_words_of_a_person_reach_a_log_even_when_things_fail(
    running: Running, session: aiohttp.ClientSession
) -> None:
    """Last, because it ends the action server."""
    await Person(session, running.settings).says(f"je m'appelle {SECRET} et je veux adhérer")
    running.actions.terminate()
    running.actions.wait(timeout=30)
    with pytest.raises(DialogueUnavailable):
        await Person(session, running.settings).says(f"{SECRET} est en colère")
    log = running.log.read_text(encoding="utf-8", errors="replace")
    assert "no_reply" in log or "replies instead of one" in log
    assert "Xylophone" not in log
    assert "Bartabas" not in log
