"""Small readings of the XML in office documents, whatever prefix a program gave its names."""

from collections.abc import Collection
from typing import Any

from sandbox.jail import package


def local(tag: object) -> str:
    """An element's name without its namespace; empty for a comment."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """An attribute's value by its name without its namespace; empty when there is none."""
    return next((str(value) for key, value in element.items() if local(key) == name), "")


def count(data: bytes, names: Collection[str]) -> int:
    """How many elements of these names a part has; 0 for one that is missing. Broken when it is no XML."""
    if not data:
        return 0
    return sum(local(element.tag) in names for element in package.tree(data).iter())
