"""How Chromium is started, the sizes that pages are looked at in, and what is measured on each of them."""

import os
from pathlib import Path

from playwright.async_api import Page

from tests.peers.manners import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL

LEAST_OCTETS = 8_000
WIDE = "document.documentElement.scrollWidth"
# What is further down is fetched when somebody comes near, and would be waited for in vain.
_LOADING = "[...document.images].filter((one) => one.loading !== 'lazy')"

__all__ = ["ARGUMENTS", "CONTRAST", "DESKTOP", "NARROW", "PHONE", "SMALL", "WIDE", "picture"]


async def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """For people to look at, in the folder that PAPERTAP_PICTURES names; without it none is taken.

    AssertionError for a page that shows nothing. `whole`: also what is below the window's end.
    """
    assert (await page.locator("body").inner_text()).strip(), f"{name} shows nothing"
    if named := os.environ.get("PAPERTAP_PICTURES"):
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        await page.evaluate(f"Promise.all({_LOADING}.map((one) => one.decode().catch(() => 0)))")
        path = folder / f"{name}.png"
        await page.screenshot(path=path, full_page=whole)
        assert path.stat().st_size > LEAST_OCTETS, "a picture of something"
