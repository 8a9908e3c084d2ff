"""Nothing that the bot says on the telephone has to be made while a caller waits, but for what is listed here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from actions.replies import french_date
from bot.knowledge import Knowledge, load_knowledge
from bot.pack import PROJECT_DIR, Pack, load_pack
from voice.spoken import MOST_CHOICES, MOST_IN_QUEUE, filled, phone_texts, placeholders, spoken_sentences
from voice.spoken_french import with_exceptions

# Sentences around the answers in which a telephone number is read back: French ones are in the cache, pair by pair, but
# not those of other countries.
READ_BACK = {"callback_confirm", "callback_promised"}
COUNTED = {"desk_before", "desk_wait"}
FRENCH_NUMBERS = ["06 12 34 56 78", "01 00 80 99 00", "09 71 06 10 08"]

PACKS = [PROJECT_DIR, PROJECT_DIR / "examples" / "mairie"]


class Scene:
    """A pack, its knowledge, and the pieces that are spoken in advance for it."""

    def __init__(self, pack: Pack) -> None:
        self.said_as = with_exceptions(pack.pronunciation)
        self.prompts = pack.prompts()
        self.knowledge = load_knowledge(pack)
        in_advance = [*phone_texts(self.prompts, facts(self.knowledge)), *self.knowledge.spoken_texts]
        self.pieces = {piece for text in in_advance for piece in self.pieces_of(text)}

    def pieces_of(self, text: str) -> list[str]:
        return spoken_sentences(text, self.said_as)

    def phrases(self) -> Iterator[tuple[str, str]]:
        """Every telephone wording of the dialogue with its name."""
        for name, entry in self.prompts["dialogue"].items():
            if isinstance(entry, dict):
                yield from ((name, text) for text in entry.get("phone", ()))

    def missing(self, text: str) -> list[str]:
        return [piece for piece in self.pieces_of(text) if piece not in self.pieces]


@pytest.fixture(scope="module", params=PACKS, ids=lambda path: path.name)
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(load_pack(request.param))


def facts(knowledge: Knowledge) -> list[dict[str, str]]:
    return [{"title": s.title, "source": s.source_title, "date": s.verified_on} for s in knowledge.values()]


def values_of(name: str, scene: Scene) -> list[dict[str, str]]:
    """What the dialogue may fill into a sentence of one name, as it does it: each subject at least once."""
    subjects = list(scene.knowledge.values())
    numbers = [str(number + 1) for number in range(MOST_CHOICES)]
    item = scene.prompts["dialogue"]["clarify_item"]["phone"]
    listed = [
        " ".join(
            filled(item, [{"number": number, "title": one.title}])[0]
            for number, one in zip(numbers, subjects[start : start + MOST_CHOICES], strict=False)
        )
        for start in range(0, len(subjects), MOST_CHOICES)
    ]
    match name:
        case "clarify_item":
            return [{"number": number, "title": subjects[0].title} for number in numbers]
        case "clarify_one" | "stay" | "same_again":
            return [{"title": one.title} for one in subjects]
        case "why":
            return [
                {"title": one.title, "source": one.source_title, "date": french_date(one.verified_on)}
                for one in subjects
                if one.source_title
            ]
        case "abstain_first" | "off_topic_again":
            return [{"example": example} for example in scene.prompts["dialogue"]["examples"]]
        case "clarify" | "clarify_which" | "stay_or" | "ask_person":
            return [{"choices": choices} for choices in listed]
    raise AssertionError(f"{name} has a placeholder that this test does not know: say what is filled in.")


def test_every_sentence_of_the_dialogue_is_in_the_cache_whatever_is_filled_in(scene: Scene) -> None:
    tried = 0
    for name, template in scene.phrases():
        for text in filled([template], values_of(name, scene)) if placeholders(template) else [template]:
            assert scene.missing(text) == [], (name, text)
            tried += 1
    assert tried > 4 * len(scene.knowledge)


def test_every_answer_and_note_in_another_language_is_in_the_cache(scene: Scene) -> None:
    for text in [*scene.knowledge.spoken_texts, *_phone_wordings(scene.prompts["other_languages"])]:
        assert scene.missing(text) == []


def test_the_sentences_around_the_answers_are_in_the_cache_with_any_french_number(scene: Scene) -> None:
    read_back = set()
    for name, value in scene.prompts["phone_line"].items():
        if name == "closed_hours":  # an installation's own hours: spoken while "closed" is heard, and kept from then on
            assert placeholders(value) == {"hours", "reopening"}
            continue
        for text in [value] if isinstance(value, str) else value:
            if name in COUNTED:
                counts = [{"people": str(n), "minutes": str(n)} for n in range(2, MOST_IN_QUEUE + 1)]
                assert [scene.missing(one) for one in filled([text], counts)] == [[]] * len(counts)
            elif placeholders(text):
                read_back.add(name)
                assert [scene.missing(one) for one in filled([text], [{"number": n} for n in FRENCH_NUMBERS])] == [
                    []
                ] * 3
                # Of a number from elsewhere, no file on disk holds more than two digits.
                foreign = scene.missing(filled([text], [{"number": "+442079460018"}])[0])
                assert foreign == ["plus quarante-quatre,"]
            else:
                assert scene.missing(text) == [], name
    assert read_back == READ_BACK


def test_nothing_is_spoken_in_advance_that_still_has_to_be_filled_in(scene: Scene) -> None:
    assert [piece for piece in scene.pieces if "{" in piece or "}" in piece] == []
    assert not scene.pieces & {"Number.", "Title.", "J'ai entendu le un."}
    assert len(scene.pieces) < 12 * len(scene.knowledge) + 300


def test_fixed_half_and_title_are_pieces_of_their_own(scene: Scene) -> None:
    titles = [subject.title for subject in scene.knowledge.values()]
    asked = scene.pieces_of(f"Vouliez-vous dire : {titles[0]} ? Répondez par oui ou par non.")
    assert asked[0] == "Vouliez-vous dire :"
    assert asked[-1] == "Répondez par oui ou par non."
    assert len(asked) == 3


def _phone_wordings(node: Any) -> Iterator[str]:
    for name, below in node.items():
        if name == "phone":
            yield below
        elif isinstance(below, dict):
            yield from _phone_wordings(below)
