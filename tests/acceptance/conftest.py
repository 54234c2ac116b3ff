"""A loaded machine is slow, and slow is not wrong: pages have time to show what they are expected to."""

from playwright.async_api import expect

expect.set_options(timeout=60_000)
