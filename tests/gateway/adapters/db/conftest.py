"""The fixtures of the database tests."""

from tests.databases import *  # noqa: F403 - its __all__ names the fixtures
