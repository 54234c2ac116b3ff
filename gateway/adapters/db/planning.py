"""What a database knows of its tables when it plans a question."""

from sqlalchemy import Connection, Table


def count_anew(connection: Connection, *several: Table) -> None:
    """For the end of a transaction that wrote many rows; they are planned with from its commit on.

    PostgreSQL counts by itself a minute later, and may do it while such a transaction still runs: it then takes the
    tables to be empty, and joins ten thousand projects with fifty thousand words by reading all for each. Counted in
    here, and the count's lock kept until the commit, it can't. SQLite plans by the indexes alone.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in several)}")
