"""What the pages about the widget say is what there is: attributes, properties, events, and the tests they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "web" / "src" / "widget"
PAGE = (ROOT / "docs" / "widget.md").read_text()
ACCESSIBILITY = (ROOT / "docs" / "accessibilite.md").read_text()


def _list(file: str, beginning: str) -> list[str]:
    """The quoted names of the array that begins so."""
    array = re.search(re.escape(beginning) + r"\s*\[(.*?)\]", (WIDGET / file).read_text(), re.S)
    assert array, f"{file}: {beginning}"
    return re.findall(r'"([\w-]+)"', array[1])


@pytest.mark.parametrize("name", _list("options.ts", "export const ATTRIBUTES ="))
def test_every_attribute_is_documented(name: str) -> None:
    assert re.search(rf"^\|.*`{name}`", PAGE, re.M)


@pytest.mark.parametrize("name", _list("api.ts", "const EVENTS: ReadonlySet<string> = new Set<keyof Events>("))
def test_every_event_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_property_of_the_style_sheets_is_documented_and_no_other() -> None:
    used = {name for sheet in WIDGET.rglob("*.css") for name in re.findall(r"--guichet-[a-z-]+", sheet.read_text())}
    told = set(re.findall(r"--guichet-[a-z-]*[a-z]", PAGE))
    assert told == {name for name in used if not name.endswith("-")}


def test_every_test_that_the_accessibility_page_names_exists() -> None:
    there = "\n".join(path.read_text() for path in (ROOT / "tests" / "browser").glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", ACCESSIBILITY))
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in there] == []


def test_every_picture_is_there() -> None:
    for name in re.findall(r"\((images/[^)]+\.png)\)", PAGE):
        assert (ROOT / "docs" / name).exists()
