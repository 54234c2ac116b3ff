"""The schema, once: tables as metadata, and the indices that keep every hot query flat however long the history is.

Partial indices hold only the few rows that are open, so half a million ended jobs cost the hot queries nothing.
SQLite takes a partial index only for a query that repeats its condition word for word; OPEN, ENDED and the others
are therefore written once, with literal numbers, and used by the indices and by the queries.

Names that compare without case have a second, folded column: what `lower()` does differs between databases.
Points in time are seconds since the epoch, nested values are JSON in text columns.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData()

# SQLite numbers rows by itself only in a column that is declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

OPEN = text("state <= 6")
ENDED = text("state >= 7")
BUSY_STATES = text("state BETWEEN 5 AND 6")
BUSY = text("state BETWEEN 5 AND 6 AND printable IS NOT NULL")
TO_PREPARE = text("state = 3 AND printable IS NULL AND reasons = '[]'")
TO_DELIVER = text("state = 3 AND printable IS NOT NULL AND output_device IS NOT NULL")
OF_DEVICE = text("state <= 6 AND output_device IS NOT NULL")
UNCLAIMED = text("state <= 6 AND owner IS NULL")
WITH_KEY = text("key IS NOT NULL")
# Not in the words of WITH_KEY: SQLite would take that index, which holds all that may be printed again.
PRIVATE = text("private AND length(key) > 0")
PUBLIC = text("NOT private")
REFUSED = text("job_id IS NULL")
RESERVING = text("reserved_for IS NOT NULL")
# Printed directly as soon as its owner has credit again.
SHORT = text("""state = 4 AND reasons = '["account-limit-reached"]'""")
ENDED_WITHOUT_KEY = text("state >= 7 AND key IS NULL")

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False),
    Column("printer", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False),
    Column("owner", Text),
    Column("owner_folded", Text),
    Column("requested_name", Text, nullable=False),
    Column("requested_folded", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("documents", Text, nullable=False),
    Column("key", LargeBinary),
    Column("idempotency_key", Text),
    Column("password_hash", Text),
    Column("created_at", Double, nullable=False),
    Column("processing_at", Double),
    Column("ended_at", Double),
    Column("expires_at", Double),
    Column("incoming_until", Double),
    Column("extensions", Integer, nullable=False),
    Column("expiry_warned", Boolean, nullable=False),
    Column("favourite", Boolean, nullable=False),
    Column("pages", Integer),
    Column("color", Boolean),
    Column("impressions", Integer),
    Column("media_sheets", Integer),
    Column("impressions_completed", Integer, nullable=False),
    Column("sheets_completed", Integer, nullable=False),
    Column("printable", Text),
    Column("unlocking", Text),
    Column("thumbnails", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("output_device", Text),
    Column("release_id", Text),
    Column("released_by", Text),
    Column("released_at", Double),
    Column("attempts", Integer, nullable=False),
    Column("bytes_sent", BigInteger, nullable=False),
    Column("device_job", Text),
    Column("not_before", Double),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Column("version", Integer, nullable=False),
    Column("facts", Text, nullable=False, server_default=""),
    Column("private", Boolean, nullable=False, server_default=text("false")),
    Column("charged_to", Text),
    Column("reserved", BigInteger),  # thousandths
    Column("reserved_in", Text, nullable=False, server_default=""),
    # The payer, folded, while something is reserved: written from the state, so that nothing has to free it.
    Column("reserved_for", Text),
    sqlite_autoincrement=True,  # a job's id is never given twice, not even after its row was purged
)

# Jobs released without a time (direct printing) queue by their arrival.
RELEASED_ORDER = text("coalesce(released_at, created_at)")


def _index(name: str, *columns: object, where: object = None, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)  # type: ignore[arg-type]  # reason: column or expression


_index("jobs_idempotency_key", jobs.c.idempotency_key, unique=True, where=text("idempotency_key IS NOT NULL"))
# `state` stands last where it only filters: it is looked at in the index, before the row is fetched.
_index("jobs_open", jobs.c.id, jobs.c.state, where=OPEN)
_index("jobs_ended", jobs.c.id, jobs.c.state, where=ENDED)
_index("jobs_open_of_printer", jobs.c.printer, jobs.c.id, jobs.c.state, where=OPEN)
_index("jobs_ended_of_printer", jobs.c.printer, jobs.c.id, jobs.c.state, where=ENDED)
_index("jobs_of_owner", jobs.c.owner_folded, jobs.c.id, jobs.c.state)
_index("jobs_of_device", jobs.c.output_device, jobs.c.id, jobs.c.state, where=OF_DEVICE)
_index("jobs_unclaimed", jobs.c.requested_folded, jobs.c.id, where=UNCLAIMED)
_index("jobs_unclaimed_from", jobs.c.address, jobs.c.id, where=UNCLAIMED)
_index("jobs_postponed", jobs.c.not_before, where=text("not_before IS NOT NULL"))
_index("jobs_expiring", jobs.c.expires_at, where=OPEN)
_index("jobs_incoming", jobs.c.incoming_until, where=text("incoming_until IS NOT NULL"))
_index("jobs_claimed", jobs.c.claimed_until, where=text("claimed_until IS NOT NULL"))
_index("jobs_to_prepare", jobs.c.id, where=TO_PREPARE)
_index("jobs_to_deliver", jobs.c.output_device, RELEASED_ORDER, jobs.c.id, where=TO_DELIVER)
# With `state` SQLite prefers it to jobs_of_device, which also holds the backlog of the device.
_index("jobs_busy", jobs.c.output_device, jobs.c.state, where=BUSY)
_index("jobs_with_key", jobs.c.state, jobs.c.ended_at, where=WITH_KEY)
_index("jobs_private", jobs.c.id, jobs.c.state, where=PRIVATE)
_index("jobs_reserving", jobs.c.reserved_for, jobs.c.reserved_in, jobs.c.reserved, where=RESERVING)
_index("jobs_short", jobs.c.id, where=SHORT)
_index("jobs_purgeable", jobs.c.ended_at, jobs.c.id, where=ENDED_WITHOUT_KEY)

# What people ask of the past: by whom, of what name, from where and when.
_index("jobs_requested", jobs.c.requested_folded, jobs.c.created_at)
_index("jobs_from", jobs.c.address, jobs.c.created_at)
_index("jobs_created", jobs.c.created_at, jobs.c.id)
_index("jobs_named", jobs.c.name_folded, jobs.c.id, where=PUBLIC)

job_records = Table(
    "job_records",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# No foreign key: what was printed and charged outlives the job.
receipts = Table(
    "receipts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("release_id", Text, nullable=False, unique=True),
    Column("job_id", Id, nullable=False),
    Column("owner", Text),
    Column("owner_folded", Text),
    Column("printer", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("impressions", Integer, nullable=False),
    Column("media_sheets", Integer, nullable=False),
    Column("color", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("at", Double, nullable=False),
    Column("amount", Text, nullable=False, server_default="0"),
    Column("currency", Text, nullable=False, server_default=""),
    Column("project", Text, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Index("receipts_of_owner", "owner_folded", "id"),
    Index("receipts_of_job", "job_id", "id"),
    Index("receipts_sums", "owner_folded", "at", "impressions", "media_sheets", "color", "amount"),
)

CHARGED = text("project <> ''")
_index("receipts_of_project", receipts.c.at, where=CHARGED)

printers = Table(
    "printers",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("searched", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("email", Text),
    Column("role", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("pin_hash", Text),
    Column("pin_lookup", Text, unique=True),
    Column("groups", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("email_folded", Text, index=True),
    Column("department", Text, nullable=False, server_default=""),
    Column("cost_centre", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("external_id", Text, nullable=False, server_default=""),
    Column("given", Text, nullable=False, server_default="{}"),
)
STAFF = text("role <> 'user'")
_index("users_staff", users.c.role, where=STAFF)
_index("users_of_source", users.c.source, users.c.external_id, unique=True, where=text("source <> ''"))

cards = Table(
    "cards",
    metadata,
    Column("card", Text, primary_key=True),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
)

# No foreign key: a session may stand for somebody who has no row here.
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("user_folded", Text, nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("proved_at", Double, nullable=False, server_default=text("0")),
    Column("browser", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    Column("second", Text, nullable=False, server_default=""),
)

intake_attempts = Table(
    "intake_attempts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("channel", Text, nullable=False),
    Column("printer", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("requested_name", Text, nullable=False),
    Column("owner", Text),
    Column("document_name", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("job_id", Id),
    Column("extra", Text, nullable=False),
    Index("intake_attempts_at", "at", "id"),
)
_index("intake_refused", intake_attempts.c.at, intake_attempts.c.id, where=REFUSED)
_index("intake_of_job", intake_attempts.c.job_id, intake_attempts.c.id, where=text("job_id IS NOT NULL"))
