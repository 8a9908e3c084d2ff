"""data/prompts.yml: what a mistake in it looks like, and that the bundled file has none."""

from __future__ import annotations

from typing import Any

import pytest

from actions.wording import ONLY_SPOKEN, SENTENCES, VARIED, Asker, answer_of, details_of, load_prompts
from bot.dialogue import Channel
from bot.errors import BadKnowledge
from bot.knowledge import Kind, Subject, Wording
from bot.pack import load_pack

VALUES = dict.fromkeys(("choices", "number", "title", "example", "source", "date"), "x")
SUBJECT = Subject(
    "bulletin", "thème", "Le bulletin", Kind.ANSWER, "écrit", "dit", ("exemple",), "f.yml",
    "source", "https://source", "", "2026-11-21", phone_more="plus",
    variants={"salarie": Wording("écrit au salarié", "dit au salarié")},
    translations={"en": Wording("written", "spoken", "Payslip")},
)  # fmt: skip


def bundled() -> dict[str, Any]:
    return load_pack().prompts()


def test_the_bundled_sentences_are_complete() -> None:
    prompts = load_prompts()
    for name in SENTENCES:
        for channel in (Channel.PHONE,) if name in ONLY_SPOKEN else tuple(Channel):
            assert prompts.say(name, channel, **VALUES)


def test_sentences_that_can_recur_have_a_variant_unlike_the_last() -> None:
    prompts = load_prompts()
    for name in VARIED:
        for channel in (Channel.PHONE,) if name in ONLY_SPOKEN else tuple(Channel):
            first = prompts.say(name, channel, **VALUES)
            assert prompts.say(name, channel, unlike=[first], **VALUES) != first


def test_spoken_sentences_are_short_and_without_addresses() -> None:
    for name, wording in bundled()["dialogue"].items():
        for sentence in wording["phone"] if name != "examples" else wording:
            assert len(sentence.split()) <= 40, name
            assert "http" not in sentence
            assert "(" not in sentence


def test_a_missing_sentence_is_named() -> None:
    content = bundled()
    del content["dialogue"]["abstain_again"]["phone"]
    with pytest.raises(BadKnowledge, match="abstain_again, phone"):
        load_prompts(content)


def test_a_sentence_that_recurs_needs_a_second_variant() -> None:
    content = bundled()
    content["dialogue"]["clarify"]["web"] = ["Une seule ?"]
    with pytest.raises(BadKnowledge, match="clarify, web: a list of at least 2"):
        load_prompts(content)


@pytest.mark.parametrize("sentence", ["Bonjour {prenom}.", "Bonjour {."])
def test_braces_that_mean_nothing_are_reported(sentence: str) -> None:
    content = bundled()
    content["dialogue"]["nothing_to_repeat"]["web"] = [sentence]
    with pytest.raises(BadKnowledge, match="nothing_to_repeat, web"):
        load_prompts(content)


def test_without_dialogue_there_are_no_sentences() -> None:
    with pytest.raises(BadKnowledge, match="`dialogue:` is missing"):
        load_prompts({"web_chat": {}})


@pytest.mark.parametrize("examples", [None, [], "comment adhérer", [3]])
def test_example_questions_are_needed(examples: Any) -> None:
    content = bundled()
    content["dialogue"]["examples"] = examples
    with pytest.raises(BadKnowledge, match="dialogue, examples"):
        load_prompts(content)


# -- who gets which text --


def test_a_text_is_worded_for_the_channel() -> None:
    assert answer_of(SUBJECT, Channel.WEB).text == "écrit"
    assert answer_of(SUBJECT, Channel.PHONE).text == "dit"


def test_another_kind_of_person_gets_its_own_wording_and_the_usual_one_where_there_is_none() -> None:
    assert answer_of(SUBJECT, Asker(Channel.WEB, "salarie")).text == "écrit au salarié"
    assert answer_of(SUBJECT, Asker(Channel.PHONE, "salarie")).text == "dit au salarié"
    assert answer_of(SUBJECT, Asker(Channel.PHONE, "futur")).text == "dit"


def test_a_translation_says_its_language_and_keeps_the_source() -> None:
    answer = answer_of(SUBJECT, Asker(Channel.PHONE, language="en"))
    assert (answer.text, answer.title, answer.language) == ("spoken", "Payslip", "en")
    assert (answer.source, answer.source_url, answer.verified_on) == ("source", "https://source", "2026-11-21")


def test_a_language_without_translation_gets_our_own() -> None:
    answer = answer_of(SUBJECT, Asker(Channel.WEB, language="de"))
    assert (answer.text, answer.language) == ("écrit", "")


def test_what_is_right_for_the_person_comes_before_their_language() -> None:
    assert answer_of(SUBJECT, Asker(Channel.WEB, "salarie", "en")).text == "écrit au salarié"


def test_details_have_the_source_of_their_subject() -> None:
    details = details_of(SUBJECT)
    assert (details.id, details.text, details.source) == ("bulletin", "plus", "source")
