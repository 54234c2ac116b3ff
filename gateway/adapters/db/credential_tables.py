"""The tables of what proves a person, and of sign-ins that were begun."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, LargeBinary, Table, Text, UniqueConstraint

from gateway.adapters.db.tables import metadata


def _of_user() -> Column[str]:
    return Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True)


identities = Table(
    "identities",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
    UniqueConstraint("issuer", "subject"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("credential", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),  # 32 bits without sign
    Column("rp_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)

app_passwords = Table(
    "app_passwords",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("name", Text, nullable=False),
    Column("lookup", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)

# No foreign key: a challenge for a stranger has no user.
pending_sign_ins = Table(
    "pending_sign_ins",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("user_uuid", Text),
    Column("next", Text, nullable=False),
    Column("stay", Boolean, nullable=False),
    Column("values", Text, nullable=False),
)
