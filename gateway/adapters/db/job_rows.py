"""Jobs, their records and receipts to rows and back: written out by hand, so that a row says all and hides nothing."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from gateway.adapters.db.json_values import (
    dump_document,
    dump_documents,
    dump_texts,
    dump_ticket,
    load_document,
    load_documents,
    load_texts,
    load_ticket,
)
from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.price import payable

_STATES = {int(state): state for state in JobState}
_REASONS = {reason.value: reason for reason in Reason}


def fold(name: str | None) -> str | None:
    """What is compared when names compare without case."""
    return None if name is None else name.casefold()


def thousandths(amount: Decimal) -> int:
    """Sums of money are kept as whole numbers, which databases add without rounding; no currency has smaller coins."""
    return int(amount * 1000)


def money_of(amount: int, currency: str) -> Decimal:
    return payable(Decimal(amount) / 1000, currency)


def job_row(job: Job) -> dict[str, Any]:
    """All columns but `id`, which the database gives."""
    return {
        "uuid": str(job.uuid),
        "printer": job.printer,
        "state": int(job.state),
        "reasons": dump_texts(job.reasons),
        "message": job.message,
        "name": job.name,
        "name_folded": job.name.casefold(),
        "owner": job.owner,
        "owner_folded": fold(job.owner),
        "requested_name": job.requested_name,
        "requested_folded": job.requested_name.casefold(),
        "source": job.source,
        "address": job.address,
        "ticket": dump_ticket(job.ticket),
        "documents": dump_documents(job.documents),
        "key": job.key,
        "idempotency_key": job.idempotency_key,
        "password_hash": job.password_hash,
        "created_at": job.created_at,
        "processing_at": job.processing_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
        "incoming_until": job.incoming_until,
        "extensions": job.extensions,
        "expiry_warned": job.expiry_warned,
        "favourite": job.favourite,
        "pages": job.pages,
        "color": job.color,
        "impressions": job.impressions,
        "media_sheets": job.media_sheets,
        "impressions_completed": job.impressions_completed,
        "sheets_completed": job.sheets_completed,
        "printable": dump_document(job.printable),
        "unlocking": dump_document(job.unlocking),
        "thumbnails": dump_documents(job.thumbnails),
        "notes": dump_texts(job.notes),
        "output_device": job.output_device,
        "release_id": None if job.release_id is None else str(job.release_id),
        "released_by": job.released_by,
        "released_at": job.released_at,
        "attempts": job.attempts,
        "bytes_sent": job.bytes_sent,
        "device_job": job.device_job,
        "not_before": job.not_before,
        "claimed_by": job.claimed_by,
        "claimed_until": job.claimed_until,
        "version": job.version,
        "facts": job.facts,
        "private": job.private,
        "charged_to": job.charged_to,
        "reserved": None if job.reserved is None else thousandths(job.reserved),
        "reserved_in": job.reserved_in,
        "reserved_for": fold(job.payer) if job.reserves else None,
    }


def job_of(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        uuid=UUID(row["uuid"]),
        printer=row["printer"],
        state=_STATES[row["state"]],
        reasons=tuple(_REASONS[text] for text in load_texts(row["reasons"])),
        message=row["message"],
        name=row["name"],
        owner=row["owner"],
        requested_name=row["requested_name"],
        source=row["source"],
        address=row["address"],
        ticket=load_ticket(row["ticket"]),
        documents=load_documents(row["documents"]),
        key=row["key"],
        idempotency_key=row["idempotency_key"],
        password_hash=row["password_hash"],
        created_at=row["created_at"],
        processing_at=row["processing_at"],
        ended_at=row["ended_at"],
        expires_at=row["expires_at"],
        incoming_until=row["incoming_until"],
        extensions=row["extensions"],
        expiry_warned=row["expiry_warned"],
        favourite=row["favourite"],
        pages=row["pages"],
        color=row["color"],
        impressions=row["impressions"],
        media_sheets=row["media_sheets"],
        impressions_completed=row["impressions_completed"],
        sheets_completed=row["sheets_completed"],
        printable=load_document(row["printable"]),
        unlocking=load_document(row["unlocking"]),
        thumbnails=load_documents(row["thumbnails"]),
        notes=load_texts(row["notes"]),
        output_device=row["output_device"],
        release_id=None if row["release_id"] is None else UUID(row["release_id"]),
        released_by=row["released_by"],
        released_at=row["released_at"],
        attempts=row["attempts"],
        bytes_sent=row["bytes_sent"],
        device_job=row["device_job"],
        not_before=row["not_before"],
        claimed_by=row["claimed_by"],
        claimed_until=row["claimed_until"],
        version=row["version"],
        facts=row["facts"],
        private=row["private"],
        charged_to=row["charged_to"],
        reserved=None if row["reserved"] is None else money_of(row["reserved"], row["reserved_in"]),
        reserved_in=row["reserved_in"],
    )


def record_row(record: JobRecord, job_id: int) -> dict[str, Any]:
    return {"job_id": job_id, "at": record.at, "what": record.what, "by": record.by, "text": record.text}


def record_of(row: RowMapping) -> JobRecord:
    return JobRecord(job_id=row["job_id"], at=row["at"], what=row["what"], by=row["by"], text=row["text"])


def receipt_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "release_id": str(receipt.release_id),
        "job_id": receipt.job_id,
        "owner": receipt.owner,
        "owner_folded": fold(receipt.owner),
        "printer": receipt.printer,
        "device": receipt.device,
        "impressions": receipt.impressions,
        "media_sheets": receipt.media_sheets,
        "color": receipt.color,
        "confirmed": receipt.confirmed,
        "at": receipt.at,
        "amount": str(receipt.amount),
        "currency": receipt.currency,
        "project": receipt.project,
        "comment": receipt.comment,
    }


def receipt_of(row: RowMapping) -> Receipt:
    return Receipt(
        release_id=UUID(row["release_id"]),
        job_id=row["job_id"],
        owner=row["owner"],
        printer=row["printer"],
        device=row["device"],
        impressions=row["impressions"],
        media_sheets=row["media_sheets"],
        color=row["color"],
        confirmed=row["confirmed"],
        at=row["at"],
        amount=Decimal(row["amount"]),
        currency=row["currency"],
        project=row["project"],
        comment=row["comment"],
    )
