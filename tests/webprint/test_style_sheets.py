"""Style sheets are whole: what a browser skips in silence, such as a rule whose selector was lost, fails here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tinycss2

STATIC = Path(__file__).resolve().parents[2] / "webprint" / "static"
SHEETS = sorted(STATIC.glob("*.css"))
NESTING = {"media", "supports", "container", "layer"}


def broken(rules: list[Any]) -> Iterator[str]:
    """Where and why, for each rule and declaration that is none."""
    for rule in rules:
        if rule.type == "error":
            yield f"line {rule.source_line}: {rule.message}"
        elif rule.type == "qualified-rule":
            selector = tinycss2.serialize(rule.prelude).strip()
            if not selector or set(";}") & set(selector):
                yield f"line {rule.source_line}: {selector[:60]!r} is no selector"
            yield from broken(_within(rule))
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTING and rule.content is not None:
            yield from broken(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _within(rule: Any) -> list[Any]:
    found: list[Any] = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_rule_is_one(sheet: Path) -> None:
    assert list(broken(tinycss2.parse_stylesheet(sheet.read_text(), skip_comments=True, skip_whitespace=True))) == []


@pytest.mark.parametrize(
    "text",
    [
        ".a { color: red; }\n  bottom: 0;\n}\n.b { color: red; }",
        ".a { color red; }",
        "@media print { .a { color: red; } } }",
        "{ color: red; }",
    ],
)
def test_what_is_broken_is_seen(text: str) -> None:
    assert list(broken(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)))
