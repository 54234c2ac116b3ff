"""From the plain texts of a form or a command line to a directory's settings: what a preset says, unless it is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from gateway.domain.directory import (
    Directory,
    FieldMap,
    GraphSettings,
    Kind,
    LdapSettings,
    Membership,
    UserName,
)
from gateway.domain.directory_presets import PRESETS
from gateway.errors import BadRequest

FIELD: Final = "field_"
MORE: Final = {
    "info": str,
    "enabled": bool,
    "interval": float,
    "full_hour": int,
    "sign_in": bool,
    "remember_hours": float,
    "adopt": bool,
    "pins": bool,
    "most_disabled": float,
}
"""What a directory has beside its settings, and as what it is written."""
_YES = frozenset({"yes", "1", "true", "on"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    settings: LdapSettings | GraphSettings
    fields: FieldMap
    more: dict[str, Any] = field(default_factory=dict)


def directory_draft(preset: str, values: Mapping[str, str]) -> Draft:
    """BadRequest names the value that makes no sense. What is not among `values` is as the preset has it."""
    given = PRESETS.get(preset)
    if given is None:
        raise BadRequest(f"There is no such preset. Choose one of {', '.join(PRESETS)}.")
    start = GraphSettings(tenant="", client_id="") if given.kind is Kind.GRAPH else given.ldap
    return _filled(start, given.fields, values)


def changed_draft(directory: Directory, values: Mapping[str, str]) -> Draft:
    """As above, beginning with what the directory has now."""
    return _filled(directory.settings, directory.fields, values)


def _filled(start: LdapSettings | GraphSettings, map_: FieldMap, values: Mapping[str, str]) -> Draft:
    changes = {f.name: _as(f.name, getattr(start, f.name), values[f.name]) for f in fields(start) if f.name in values}
    mapped = {f.name: values[FIELD + f.name].strip() for f in fields(FieldMap) if FIELD + f.name in values}
    more = {name: _plain(name, kind, values[name]) for name, kind in MORE.items() if name in values}
    return Draft(settings=replace(start, **changes), fields=replace(map_, **mapped), more=more)


def _as(name: str, now: object, text: str) -> Any:
    """As the setting that is there now."""
    text = text.strip()
    if isinstance(now, tuple):
        return tuple(text.replace(",", " ").split())
    for kind in (Membership, UserName):
        if isinstance(now, kind):
            try:
                return kind(text)
            except ValueError as error:
                raise BadRequest(f'"{text[:60]}" is no choice for {name}.') from error
    return _plain(name, type(now), text)


def _plain(name: str, kind: type, text: str) -> Any:
    text = text.strip()
    if kind is bool:
        return text.lower() in _YES
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError as error:
        raise BadRequest(f'"{text[:60]}" is not a number, as {name} is.') from error
