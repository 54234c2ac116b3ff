"""How Chromium is started, the sizes that pages are looked at in, and what is measured on each of them."""

import os
from pathlib import Path

from playwright.async_api import Page

from tests.peers.manners import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL

WIDE = "document.documentElement.scrollWidth"
# What is further down is fetched when somebody comes near, and would be waited for in vain.
_LOADING = "[...document.images].filter((one) => one.loading !== 'lazy')"

__all__ = ["ARGUMENTS", "CONTRAST", "DESKTOP", "NARROW", "PHONE", "SMALL", "WIDE", "picture"]


async def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """For people to look at, in the folder that PAPERTAP_PICTURES names; without it none is taken.

    `whole`: also what is below the window's end.
    """
    if named := os.environ.get("PAPERTAP_PICTURES"):
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        await page.evaluate(f"Promise.all({_LOADING}.map((one) => one.decode().catch(() => 0)))")
        await page.screenshot(path=folder / f"{name}.png", full_page=whole)
