"""Writes docs/settings.md from the settings themselves: `.venv/bin/python scripts/settings_page.py`."""

from __future__ import annotations

from bot.settings import PROJECT_DIR, Settings, describe


def page() -> str:
    """The page as it must be; a test compares."""
    lines = [
        "# Settings",
        "",
        "In `guichet.yml` beside the project (`GUICHET_CONFIG` names another file), overridden by the environment.",
        "`guichet config` prints the values in force. This page is written by `scripts/settings_page.py`.",
        "",
        "```yaml",
        "web:",
        "  port: 8080",
        "phone:",
        "  host: 192.0.2.10",
        "  transfer_to: sip:accueil@pbx.example.org",
        "```",
        "",
        "| setting | default | meaning | variable |",
        "|---|---|---|---|",
    ]
    for setting in describe(Settings.model_construct(**{n: f.default for n, f in Settings.model_fields.items()})):
        default = f"`{setting.default}`" if setting.default.strip("*") else "empty"
        lines.append(f"| `{setting.name}` | {default} | {setting.meaning} | `{setting.variable}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (PROJECT_DIR / "docs" / "settings.md").write_text(page(), encoding="utf-8")
