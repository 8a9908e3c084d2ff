"""The lexicon of the chosen pack, for whoever starts a recogniser."""

from __future__ import annotations

from bot.knowledge import load_knowledge
from bot.lexicon import Lexicon, lexicon_of
from bot.settings import Settings


def load_lexicon(settings: Settings) -> Lexicon:
    """Reads the knowledge and its fixed sentences. Raises `BadKnowledge`."""
    pack = settings.load_pack()
    return lexicon_of(load_knowledge(pack).values(), pack.prompts().get("hearing"))
