"""A pack: everything that is about one service, in a directory of its own; the engine knows no service.

A pack needs `pack.yml` and its subjects, `data/nlu/*.yml`. What it does not bring it takes from the project's own
pack (the project directory): Rasa's files as they are, `data/prompts.yml` sentence by sentence, and the files of
`data/nlu` that `borrows` names (the exchange is the same everywhere). Nothing is ever written into another's pack.

Texts name the service by placeholders, filled here and nowhere else, since French articles contract:
`{service}` mairie, `{le_service}` la mairie, `{du_service}` de la mairie, `{au_service}` à la mairie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadKnowledge, BadSettings

PROJECT_DIR = Path(__file__).resolve().parent.parent
PACK_FILE = "pack.yml"
PROMPTS = "data/prompts.yml"
RULES = "data/rules.yml"
DOMAIN = "domain.yml"
CONFIG = "config.yml"

_SHOWN = 3
_FIELDS = frozenset({"name", "service_name", "suggestions", "languages", "borrows", "questions", "pronunciation"})
_ARTICLE = re.compile(r"(?P<article>le|la|les)\s+(?P<le_name>.+)|(?P<elided>l['’])\s*(?P<l_name>.+)", re.I | re.S)
_CONTRACTED = {"le": ("du ", "au "), "la": ("de la ", "à la "), "les": ("des ", "aux ")}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's: twelve times as fast
_PLACEHOLDER = re.compile(r"\{(service|le_service|du_service|au_service|suggestion)\}")


@dataclass(frozen=True, slots=True)
class Pack:
    """`service` is the service's name with its article ("la mairie de …"); `suggestions` are questions to show as
    examples; `borrows` are names of files of the project's own `data/nlu`; `questions` is relative to `root`;
    `pronunciation` is how words are said that the voice would misread, by their written form."""

    root: Path
    name: str
    service: str
    suggestions: tuple[str, ...]
    languages: tuple[str, ...] = ("fr",)
    borrows: tuple[str, ...] = ()
    questions: str = "questions.tsv"
    pronunciation: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether it is the project's own."""
        return self.root == PROJECT_DIR

    @property
    def nlu_dir(self) -> Path:
        """The subjects that are its own."""
        return self.root / "data" / "nlu"

    @property
    def nlu_files(self) -> list[Path]:
        """Every file of subjects, the borrowed ones last."""
        own = sorted(self.nlu_dir.glob("*.yml"))
        return [*own, *(PROJECT_DIR / "data" / "nlu" / name for name in self.borrows)]

    @property
    def questions_file(self) -> Path:
        """The labelled questions that a new model must pass."""
        return self.root / self.questions

    @property
    def config_file(self) -> Path:
        """Its own, or the project's."""
        return self.own_or_project(CONFIG)

    @property
    def domain_file(self) -> Path:
        """Its own, or the project's: then a pattern, to be completed elsewhere."""
        return self.own_or_project(DOMAIN)

    @property
    def rules_file(self) -> Path:
        """Like `domain_file`."""
        return self.own_or_project(RULES)

    def own_or_project(self, name: str) -> Path:
        """The pack's file of that name if it brings one, else the project's."""
        own = self.root / name
        return own if own.is_file() else PROJECT_DIR / name

    def home(self, data_path: Path) -> Path:
        """Where its trained model and generated files live, under the data directory."""
        return data_path / "rasa" if self.is_own else data_path / "rasa" / "packs" / self.name

    @property
    def words(self) -> dict[str, str]:
        """What the placeholders stand for."""
        return {**forms(self.service), "suggestion": self.suggestions[0]}

    def prompts(self) -> dict[str, Any]:
        """All fixed sentences by key of `data/prompts.yml`, its own before the project's, placeholders filled.

        Raises `BadKnowledge`, also for a sentence that nothing in the engine says.
        """
        sentences = read_yaml(PROJECT_DIR / PROMPTS)
        own = self.root / PROMPTS
        if not self.is_own and isinstance(sentences.get("hearing"), dict):
            sentences["hearing"] |= {"prompt": "", "mistaken": []}  # full of the project's own terms
        if not self.is_own and own.is_file():
            sentences = _over(sentences, read_yaml(own), str(own))
        for key, name, questions in (
            ("dialogue", "examples", self.suggestions),
            ("web_chat", "suggestions", self.suggestions[:_SHOWN]),
        ):
            if isinstance(sentences.get(key), dict):
                sentences[key].setdefault(name, list(questions))
        filled: dict[str, Any] = fill(sentences, self.words)
        return filled


def forms(service: str) -> dict[str, str]:
    """The placeholders of a service's name: "l'état civil" gives "état civil", "de l'état civil", …"""
    match = _ARTICLE.fullmatch(service)
    if match is None:
        return {"service": service, "le_service": service, "du_service": f"de {service}", "au_service": f"à {service}"}
    if match["elided"]:
        name, of, to = match["l_name"], "de l'", "à l'"
    else:
        name = match["le_name"]
        of, to = _CONTRACTED[match["article"].lower()]
    return {"service": name, "le_service": service, "du_service": of + name, "au_service": to + name}


def fill(value: Any, words: Mapping[str, str]) -> Any:
    """A copy of a YAML value in which every text has its placeholders filled. Other braces are left alone."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {key: fill(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, words) for one in value]
    return value


def read_yaml(path: Path) -> dict[Any, Any]:
    """The mapping that a file holds. Raises `BadKnowledge` with the line of the mistake."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadKnowledge(f"{path}{line}: not valid YAML ({getattr(error, 'problem', None) or error}).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadKnowledge(f"{path}: cannot be read ({error}).") from None
    if not isinstance(content, dict):
        raise BadKnowledge(f"{path}: it must hold `name: value` lines.")
    return content


def load_pack(root: Path = PROJECT_DIR, *, service: str = "") -> Pack:
    """The pack of a directory; `service` replaces its service's name. Raises `BadSettings` where there is no pack,
    `BadKnowledge` for a mistake in it, naming file and field."""
    root = root.resolve()
    path = root / PACK_FILE
    if not root.is_dir():
        raise BadSettings(f"pack: there is no directory {root}; correct the setting or --pack.")
    if not path.is_file():
        raise BadSettings(
            f"pack: {root} holds no {PACK_FILE}, so it is not a pack; docs/packs.md shows how to write one."
        )
    if not any((root / "data" / "nlu").glob("*.yml")):
        raise BadKnowledge(f"{root / 'data' / 'nlu'} holds no .yml file: write its subjects there (docs/packs.md).")
    fields = read_yaml(path)
    for unknown in fields.keys() - _FIELDS:
        raise BadKnowledge(f"{path}, {unknown}: there is no such field; there are {', '.join(sorted(_FIELDS))}.")
    name = _text(fields, "name", path)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise BadKnowledge(f"{path}, name: small letters, digits and - only, as mairie or mairie-annexe.")
    return Pack(
        root=root,
        name=name,
        service=service or _text(fields, "service_name", path),
        suggestions=_list(fields, "suggestions", path),
        languages=_list(fields, "languages", path, ("fr",)),
        borrows=_borrowed(_list(fields, "borrows", path, ()), root, path),
        questions=_text(fields, "questions", path) if "questions" in fields else "questions.tsv",
        pronunciation=_pronunciation(fields.get("pronunciation", {}), path),
    )


def _text(fields: Mapping[Any, Any], name: str, path: Path) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadKnowledge(f"{path}, {name}: a text is needed here.")
    return value.strip()


def _list(fields: Mapping[Any, Any], name: str, path: Path, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
    if name not in fields and default is not None:
        return default
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise BadKnowledge(f"{path}, {name}: a list of texts is needed here.")
    if default is None and not value:
        raise BadKnowledge(f"{path}, {name}: at least one is needed.")
    return tuple(one.strip() for one in value)


def _pronunciation(value: Any, path: Path) -> dict[str, str]:
    where = f"{path}, pronunciation"
    if not isinstance(value, dict):
        raise BadKnowledge(f"{where}: one line a word is needed, as `Tese: Tésé`.")
    for written, said in value.items():
        if not (isinstance(written, str) and written.strip() and isinstance(said, str) and said.strip()):
            raise BadKnowledge(
                f"{where}, {written}: both sides must be texts (in quotes if they are digits or yes/no)."
            )
    return {written.strip(): said.strip() for written, said in value.items()}


def _borrowed(names: tuple[str, ...], root: Path, path: Path) -> tuple[str, ...]:
    lender = PROJECT_DIR / "data" / "nlu"
    there = sorted(file.name for file in lender.glob("*.yml"))
    for name in names:
        if name not in there:
            raise BadKnowledge(f"{path}, borrows: there is no file {name!r} to borrow; there are {', '.join(there)}.")
        if (root / "data" / "nlu" / name).is_file():
            raise BadKnowledge(f"{path}, borrows: the pack has its own {name}; take it away from one of the two.")
    return names


def _over(below: Mapping[Any, Any], above: Mapping[Any, Any], where: str) -> dict[Any, Any]:
    """`below` with what `above` says instead: groups are merged, sentences and lists replaced."""
    merged = dict(below)
    for key, value in above.items():
        place, replaced = f"{where}, {key}", below.get(key)
        if key not in below and key not in ("examples", "suggestions"):
            raise BadKnowledge(f"{place}: no such sentence; there are {', '.join(map(str, below))}.")
        if isinstance(replaced, dict):
            if not isinstance(value, dict):
                raise BadKnowledge(f"{place}: a group is needed here, with {', '.join(map(str, replaced))}.")
            merged[key] = _over(replaced, value, place)
        else:
            merged[key] = value
    return merged
