"""What became of a job or a document is answered out of indices: by name, person, address and time."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JOBS = {
    "jobs_requested": ["requested_folded", "created_at"],
    "jobs_from": ["address", "created_at"],
    "jobs_created": ["created_at", "id"],
}


def upgrade() -> None:
    for name, columns in JOBS.items():
        op.create_index(name, "jobs", columns)
    public = sa.text("NOT private")
    op.create_index("jobs_named", "jobs", ["name_folded", "id"], sqlite_where=public, postgresql_where=public)
    refused = sa.text("job_id IS NULL")
    op.create_index("intake_refused", "intake_attempts", ["at", "id"], sqlite_where=refused, postgresql_where=refused)
    kept = sa.text("job_id IS NOT NULL")
    op.create_index("intake_of_job", "intake_attempts", ["job_id", "id"], sqlite_where=kept, postgresql_where=kept)
    op.create_index("receipts_of_job", "receipts", ["job_id", "id"])


def downgrade() -> None:
    for name in (*JOBS, "jobs_named"):
        op.drop_index(name, "jobs")
    op.drop_index("intake_refused", "intake_attempts")
    op.drop_index("intake_of_job", "intake_attempts")
    op.drop_index("receipts_of_job", "receipts")
