"""Users to rows and back, with their cards, for each store that reads some."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, bindparam, select

from gateway.adapters.db.json_values import as_object, dump, dump_texts, load, load_texts
from gateway.adapters.db.tables import cards
from gateway.domain.rights import Role
from gateway.domain.user import NOTHING_GIVEN, Given, User

_GIVEN_FIELDS = tuple(field.name for field in fields(Given))
_CARDS = (
    select(cards)
    .where(cards.c.user_uuid.in_(bindparam("uuids", expanding=True)))
    .order_by(cards.c.user_uuid, cards.c.number)
)


def read_users(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> list[User]:
    rows = connection.execute(statement, values).mappings().all()
    owned: dict[str, list[str]] = {row["uuid"]: [] for row in rows}
    if owned:
        for card in connection.execute(_CARDS, {"uuids": list(owned)}):
            owned[card.user_uuid].append(card.card)
    return [_user_of(row, owned[row["uuid"]]) for row in rows]


def user_row(user: User) -> dict[str, Any]:
    return {
        "uuid": str(user.uuid),
        "name": user.name,
        "name_folded": user.name.casefold(),
        "searched": "\n".join((user.name, user.full_name, user.email or "")).casefold(),
        "full_name": user.full_name,
        "email": user.email,
        "email_folded": user.email.strip().casefold() if user.email else None,
        "role": user.role.value,
        "disabled": user.disabled,
        "password_hash": user.password_hash,
        "pin_hash": user.pin_hash,
        "pin_lookup": user.pin_lookup,
        "groups": dump_texts(user.groups),
        "department": user.department,
        "cost_centre": user.cost_centre,
        "language": user.language,
        "source": user.source,
        "external_id": user.external_id,
        "given": _dump_given(user.given),
        "created_at": user.created_at,
        "version": user.version,
    }


def _user_of(row: RowMapping, owned: Sequence[str]) -> User:
    return User(
        uuid=UUID(row["uuid"]),
        name=row["name"],
        full_name=row["full_name"],
        email=row["email"],
        role=Role(row["role"]),
        disabled=row["disabled"],
        password_hash=row["password_hash"],
        pin_hash=row["pin_hash"],
        pin_lookup=row["pin_lookup"],
        cards=tuple(owned),
        groups=load_texts(row["groups"]),
        department=row["department"],
        cost_centre=row["cost_centre"],
        language=row["language"],
        source=row["source"],
        external_id=row["external_id"],
        given=_load_given(row["given"]),
        created_at=row["created_at"],
        version=row["version"],
    )


def _dump_given(given: Given) -> str:
    return "{}" if given == NOTHING_GIVEN else dump(as_object(given, _GIVEN_FIELDS))


def _load_given(text: str) -> Given:
    return NOTHING_GIVEN if text == "{}" else Given(**{name: _kept(value) for name, value in load(text).items()})


def _kept(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
