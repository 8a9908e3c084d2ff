"""A small service to talk to, turn by turn, without Rasa."""

from __future__ import annotations

from typing import Any

from actions.language import Languages
from actions.replies import Replies
from actions.turn import Memory, Turn
from actions.wording import Prompts
from bot.dialogue import Channel, Ranked, Reply
from bot.knowledge import Kind, Knowledge, Subject, Wording

WEB, PHONE = Channel.WEB, Channel.PHONE
EXCHANGE = (
    "greet", "thanks", "wait", "slower", "louder", "goodbye", "repeat", "affirm", "deny", "not_understood", "insult",
    "distress", "emergency", "handover", "more", "back", "why_answer", "correction", "language_other", "out_of_scope",
)  # fmt: skip


def subject(intent: str, kind: Kind = Kind.ANSWER, **fields: Any) -> Subject:
    return Subject(
        intent, "thème", f"titre {intent}", kind, f"{intent} écrit", f"{intent} dit", ("exemple",), "f.yml",
        "source", "https://source", "", "2026-11-21", **fields,
    )  # fmt: skip


def both(*variants: str) -> dict[str, list[str]]:
    return {"web": list(variants), "phone": list(variants)}


PROMPTS = Prompts(
    {
        "clarify": both("Lequel ? {choices}", "Précisez. {choices}"),
        "clarify_item": {"phone": ["{number} : {title}."]},
        "clarify_one": both("Est-ce {title} ?", "Bien {title} ?"),
        "clarify_which": both("Quel numéro ? {choices}", "Le numéro. {choices}"),
        "abstain_first": both("Pas compris, par exemple {example}", "Pas trouvé, par exemple {example}"),
        "abstain_again": both("Un conseiller ?", "Voulez-vous un conseiller ?"),
        "abstain_handover": both("Je passe un conseiller."),
        "person_meant": both("Une personne ?", "Vous voulez une personne ?"),
        "off_topic_again": both("Pas mon sujet.", "Autre chose ? {example}"),
        "listening": both("J'écoute.", "Je vous écoute."),
        "nothing_to_repeat": both("Rien dit encore."),
        "handover_again": both("Déjà transmis.", "Un conseiller arrive."),
        "more_offer": {"phone": ["Des détails ?", "En savoir plus ?"]},
        "more_declined": {"phone": ["Entendu."]},
        "stay": both("Rien d'autre sur {title}.", "C'est tout pour {title}."),
        "stay_more": {"phone": ["Plus de détails, ou autre chose ?"]},
        "stay_or": both("Plutôt ? {choices}", "Ou bien ? {choices}"),
        "same_again": both("Je viens de répondre sur {title}.", "Pas d'autre réponse sur {title}."),
        "ask_person": both("Qui êtes-vous ? {choices}", "Vous êtes ? {choices}"),
        "why": both("Sur {title}, vérifié le {date} d'après {source}."),
    },
    ["adhérer ?", "déclarer ?"],
)
KNOWLEDGE = Knowledge(
    [
        subject("adhesion", translations={"en": Wording("join written", "join spoken", "join title")}),
        subject(
            "bulletin",
            variants={"salarie": Wording("bulletin du salarié", "bulletin du salarié dit")},
            ask_person=("mon bulletin",),
        ),
        subject(
            "conges", phone_more="congés en détail", variants={"salarie": Wording("vos congés", "vos congés dits")}
        ),
        subject("mutuelle", Kind.REFERRAL),
        subject("elsewhere_caf", Kind.ELSEWHERE),
        subject("person_employeur", Kind.PERSON, cues=("mon salarié",)),
        subject("person_salarie", Kind.PERSON, cues=("mon employeur",)),
        *(subject(name, Kind.EXCHANGE) for name in EXCHANGE),
    ]
)
LANGUAGES = Languages(
    notices={"en": {"web": "French only.", "phone": "French only, on the phone."}},
    notes={"en": {"web": "In French:", "phone": "In French, on the phone:"}},
)
REPLIES = Replies(KNOWLEDGE, PROMPTS, LANGUAGES)
ENGLISH = "please tell me about the holidays of my employees"


class Conversation:
    """Feeds turns and keeps the memory, through its slot as Rasa does."""

    def __init__(self, channel: Channel = WEB, replies: Replies = REPLIES) -> None:
        self.channel = channel
        self.replies = replies
        self.slot: Any = None

    def turn(self, action: str, intent: str, **fields: Any) -> Reply:
        turn = Turn(intent=intent, channel=self.channel, **fields)
        reply, memory = getattr(self.replies, action)(turn, self.memory)
        self.slot = memory.to_slot()
        assert isinstance(reply, Reply)
        return reply

    @property
    def memory(self) -> Memory:
        return Memory.from_slot(self.slot)

    def asks(self, *intents: str, text: str = "") -> Reply:
        return self.turn("answer", intents[0], subjects=intents, text=text)

    def unclear(self, *subjects: str, text: str = "") -> Reply:
        ranking = tuple(Ranked(name, 0.3) for name in subjects)
        return self.turn("clarify", "clarify", subjects=subjects, ranking=ranking, text=text)

    def stays(self, *intents: str) -> Reply:
        return self.turn("stay", "stay", subjects=intents)

    def chooses(self, intent: str) -> Reply:
        return self.turn("choose", intent)

    def says(self, intent: str) -> Reply:
        return self.turn("exchange", intent)

    def is_a(self, kind: str, text: str = "") -> Reply:
        return self.turn("person", f"person_{kind}", text=text)

    def mumbles(self, intent: str = "nlu_fallback", **fields: Any) -> Reply:
        return self.turn("abstain", intent, **fields)

    def does(self, action: str) -> Reply:
        return self.turn(action, action)
