"""Choices, verified addresses, one-time tokens and notes on cards, on SQLite and PostgreSQL."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.json_values import dump, load
from gateway.adapters.db.personal_tables import card_notes, mail_addresses, one_time_tokens
from gateway.adapters.db.personal_tables import preferences as choices
from gateway.adapters.db.transactions import Transactions
from gateway.domain.letter import folded
from gateway.domain.personal import TOLD_UNASKED, CardNote, MailAddress, NoticeKind, OneTimeToken, Preferences
from gateway.errors import Conflict

# What people could choose before rows said what they were asked.
_ASKED_AT_FIRST = frozenset(NoticeKind) - {NoticeKind.LOW_BALANCE}


class SqlPersonalStore:
    """gateway.services.ports.PersonalStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    # -- choices

    async def preferences(self, user: UUID) -> Preferences | None:
        statement = select(choices.c["values"]).where(choices.c.user_uuid == str(user))
        text = await self._transactions.read(lambda connection: connection.execute(statement).scalar_one_or_none())
        return None if text is None else _preferences_of(text)

    async def save_preferences(self, user: UUID, preferences: Preferences) -> None:
        row = {"user_uuid": str(user), "values": _dumped(preferences)}

        def work(connection: Connection) -> None:
            connection.execute(delete(choices).where(choices.c.user_uuid == str(user)))
            connection.execute(insert(choices), row)

        await self._transactions.write(work)

    # -- addresses

    async def addresses(self, user: UUID) -> list[MailAddress]:
        statement = (
            select(mail_addresses)
            .where(mail_addresses.c.user_uuid == str(user))
            .order_by(mail_addresses.c.added_at, mail_addresses.c.address_folded)
        )

        def work(connection: Connection) -> list[MailAddress]:
            rows = connection.execute(statement).mappings()
            return [MailAddress(address=row["address"], added_at=row["added_at"]) for row in rows]

        return await self._transactions.read(work)

    async def address_holder(self, address: str) -> UUID | None:
        return await self._transactions.read(lambda connection: _holder(connection, address))

    async def add_address(self, user: UUID, address: str, at: float) -> None:
        row = {"address_folded": folded(address), "user_uuid": str(user), "address": address, "added_at": at}

        def work(connection: Connection) -> None:
            try:
                with connection.begin_nested():
                    connection.execute(insert(mail_addresses), row)
            except IntegrityError as error:
                if _holder(connection, address) != user:
                    raise Conflict("This address cannot be used here.") from error

        await self._transactions.write(work)

    async def remove_address(self, user: UUID, address: str) -> bool:
        mine = (mail_addresses.c.user_uuid == str(user), mail_addresses.c.address_folded == folded(address))
        statement = delete(mail_addresses).where(*mine)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    # -- tokens

    async def put_token(self, token_hash: str, token: OneTimeToken) -> None:
        row = {
            "token_hash": token_hash,
            "purpose": token.purpose,
            "user_uuid": str(token.user),
            "subject": token.subject,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }

        def work(connection: Connection) -> None:
            _drop(connection, token.user, token.purpose, token.subject)
            connection.execute(delete(one_time_tokens).where(one_time_tokens.c.expires_at <= token.created_at))
            connection.execute(insert(one_time_tokens), row)

        await self._transactions.write(work)

    async def token(self, token_hash: str) -> OneTimeToken | None:
        statement = select(one_time_tokens).where(one_time_tokens.c.token_hash == token_hash)

        def work(connection: Connection) -> OneTimeToken | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _token_of(row)

        return await self._transactions.read(work)

    async def use_token(self, token_hash: str, purpose: str, now: float) -> OneTimeToken | None:
        live = (one_time_tokens.c.token_hash == token_hash, one_time_tokens.c.purpose == purpose)
        statement = (
            delete(one_time_tokens).where(*live, one_time_tokens.c.expires_at > now).returning(*one_time_tokens.c)
        )

        def work(connection: Connection) -> OneTimeToken | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _token_of(row)

        return await self._transactions.write(work)

    async def drop_tokens(self, user: UUID, purpose: str, subject: str) -> None:
        await self._transactions.write(lambda connection: _drop(connection, user, purpose, subject))

    async def tokens(self, user: UUID, purpose: str, now: float) -> list[OneTimeToken]:
        statement = (
            select(one_time_tokens)
            .where(
                one_time_tokens.c.user_uuid == str(user),
                one_time_tokens.c.purpose == purpose,
                one_time_tokens.c.expires_at > now,
            )
            .order_by(one_time_tokens.c.created_at)
        )

        def work(connection: Connection) -> list[OneTimeToken]:
            return [_token_of(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    # -- cards

    async def card_notes(self, user: UUID) -> list[CardNote]:
        statement = select(card_notes).where(card_notes.c.user_uuid == str(user)).order_by(card_notes.c.added_at)

        def work(connection: Connection) -> list[CardNote]:
            rows = connection.execute(statement).mappings()
            return [_note(row) for row in rows]

        return await self._transactions.read(work)

    async def save_card_note(self, user: UUID, note: CardNote) -> None:
        row = {
            "card": note.card,
            "user_uuid": str(user),
            "label": note.label,
            "ending": note.ending,
            "added_at": note.added_at,
            "expires_at": note.expires_at,
        }

        def work(connection: Connection) -> None:
            connection.execute(delete(card_notes).where(card_notes.c.card == note.card))
            connection.execute(insert(card_notes), row)

        await self._transactions.write(work)

    async def expired_cards(self, now: float) -> list[tuple[UUID, CardNote]]:
        statement = select(card_notes).where(card_notes.c.expires_at <= now).limit(100)

        def work(connection: Connection) -> list[tuple[UUID, CardNote]]:
            return [(UUID(row["user_uuid"]), _note(row)) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    async def forget_card(self, card: str) -> None:
        statement = delete(card_notes).where(card_notes.c.card == card)
        await self._transactions.write(lambda connection: connection.execute(statement))


def _note(row: RowMapping) -> CardNote:
    return CardNote(**{name: row[name] for name in ("card", "label", "ending", "added_at", "expires_at")})


def _holder(connection: Connection, address: str) -> UUID | None:
    statement = select(mail_addresses.c.user_uuid).where(mail_addresses.c.address_folded == folded(address))
    found: str | None = connection.execute(statement).scalar_one_or_none()
    return None if found is None else UUID(found)


def _drop(connection: Connection, user: UUID, purpose: str, subject: str) -> None:
    same = (one_time_tokens.c.user_uuid == str(user), one_time_tokens.c.purpose == purpose)
    connection.execute(delete(one_time_tokens).where(*same, one_time_tokens.c.subject == subject))


def _token_of(row: RowMapping) -> OneTimeToken:
    return OneTimeToken(
        purpose=row["purpose"],
        user=UUID(row["user_uuid"]),
        subject=row["subject"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _dumped(chosen: Preferences) -> str:
    return dump(
        {
            "language": chosen.language,
            "device": chosen.device,
            "select_all": chosen.select_all,
            "mail": sorted(chosen.mail),
            "page": sorted(chosen.page),
            "push": sorted(chosen.push),
            "push_names": chosen.push_names,
            "asked": sorted(NoticeKind),
        }
    )


def _preferences_of(text: str) -> Preferences:
    """What an older version did not ask is as unasked; what a newer one asked is not known here."""
    kept: dict[str, Any] = load(text)
    new = TOLD_UNASKED - frozenset(kept.get("asked", _ASKED_AT_FIRST))
    return Preferences(
        language=kept.get("language", ""),
        device=kept.get("device", ""),
        select_all=kept.get("select_all", False),
        mail=_kinds(kept.get("mail", TOLD_UNASKED)) | new,
        page=_kinds(kept.get("page", TOLD_UNASKED)) | new,
        push=_kinds(kept.get("push", Preferences().push)) | new,
        push_names=kept.get("push_names", False),
    )


def _kinds(names: Iterable[str]) -> frozenset[NoticeKind]:
    return frozenset(NoticeKind(name) for name in names if name in set(NoticeKind))
