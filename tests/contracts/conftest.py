"""The fixtures of the contract suites."""

from tests.databases import *  # noqa: F403 - its __all__ names the fixtures
