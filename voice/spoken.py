"""From a written text to the pieces that are spoken one by one, and everything that can be spoken in advance.

A piece is the unit of synthesis and of the cache. What the bot says is either fixed, or a fixed sentence into which
one of a few known values is filled; since cutting puts such a value in a piece of its own, a few hundred pieces hold
every clarifying question there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from voice.sentences import sentences
from voice.spoken_french import DEFAULT, speak

MOST_CHOICES = 3
"""As many as there are keys and ordinals for."""
MOST_IN_QUEUE = 20
"""People before a caller, and minutes of waiting; more than that is spoken when it happens, and kept from then on."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def spoken_sentences(text: str, said_as: Mapping[str, str] = DEFAULT) -> list[str]:
    """Numbers, dates and initials in words, then cut where a pause is natural."""
    return sentences(speak(text, said_as))


def phone_texts(prompts: Mapping[str, Any], facts: Iterable[Mapping[str, str]]) -> list[str]:
    """Written texts whose pieces are all that the bot's own sentences can become on the telephone; first those that
    every call needs.

    `prompts` are all fixed sentences (`Pack.prompts()`). `facts` are what can be filled in, one mapping a subject:
    `title`, and `source` and `date` (ISO) where it has them.
    """
    dialogue = prompts.get("dialogue") or {}
    items = [{**fact, "number": str(number)} for fact in facts for number in range(1, MOST_CHOICES + 1)]
    choices = filled((dialogue.get("clarify_item") or {}).get("phone") or (), items)
    values = [{}, *items, *({"example": example} for example in dialogue.get("examples") or ())]
    # One choice stands for all: each is a sentence of its own, so it is cut from what is around it.
    values += [{"choices": choice} for choice in choices[:1]]
    own = (text for name, group in prompts.items() if name != "phone_line" for text in _under_phone(group))
    # Around the answers a telephone number is read back: these hundred have every pair in every place.
    numbers = [{"number": f"0{n % 9 + 1} {n:02} {(n + 1) % 100:02} {(n + 2) % 100:02} {n:02}"} for n in range(100)]
    queue = [{"people": str(count), "minutes": str(count)} for count in range(2, MOST_IN_QUEUE + 1)]
    line = list(_texts(prompts.get("phone_line")))
    around = (*filled(line, queue), *filled(line, numbers))
    return list(dict.fromkeys([*filled(line, [{}]), *filled(own, values), *around]))


def filled(templates: Iterable[str], values: Iterable[Mapping[str, str]]) -> list[str]:
    """Each template with every mapping that has something for all its names; each text once."""
    values = list(values)
    found: dict[str, None] = {}
    for template in templates:
        names = placeholders(template)
        for mapping in values if names else values[:1]:
            if all(mapping.get(name) for name in names):
                found.setdefault(_fill(template, mapping))
    return list(found)


def _fill(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def placeholders(template: str) -> set[str]:
    """The names between braces."""
    return set(_PLACEHOLDER.findall(template))


def _under_phone(node: Any) -> Iterator[str]:
    """The telephone's wordings, wherever a key `phone` holds some."""
    if isinstance(node, Mapping):
        for name, below in node.items():
            yield from _texts(below) if name == "phone" else _under_phone(below)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping | list | tuple):
        for below in node.values() if isinstance(node, Mapping) else node:
            yield from _texts(below)
