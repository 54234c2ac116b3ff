"""The accessibility rules of axe-core (npm), run inside a page of the browser."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

SOURCE = Path(__file__).parent / "node/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return SOURCE.read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """One line each: the rule, its help, the first element that breaks it. Empty is what is asked for."""
    # Evaluated by the debugger, so the page's content policy need not be opened for it.
    await page.evaluate(_source())
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    found: list[dict[str, Any]] = await page.evaluate(f"axe.run(document, {options}).then((r) => r.violations)")
    return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
