"""A house in its third year: 10,000 customers, 100,000 batches, 5,000,000 messages; one customer has a fifth of them.

Made by the database itself from a row of numbers. The rows keep every constraint; they are for lists to be read from,
and the books over them do not balance.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.extensions import db

EACH = 50  # messages a batch


@dataclass(frozen=True)
class Crowd:
    customers: int
    batches: int

    @property
    def messages(self) -> int:
        return self.batches * EACH


FULL = Crowd(10_000, 100_000)
QUICK = Crowd(200, 2_000)


def fill(crowd: Crowd) -> None:
    """Inside an application's context, on an empty, migrated database. Indexes are built after the rows."""
    postgres = db.engine.dialect.name != "sqlite"
    whose = f"(CASE WHEN n % 5 = 0 THEN 1 ELSE 2 + (n * 7919) % {crowd.customers - 1} END)"
    with db.engine.connect() as connection:
        run = connection.exec_driver_sql
        if not postgres:  # before anything begins a transaction
            connection.connection.dbapi_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]
        made = _indexes(connection, postgres)
        for name, _ in made:
            run(f'DROP INDEX "{name}"')
        for table, count, columns in _tables(crowd, whose, _moment(postgres), postgres):
            names, values = ", ".join(columns), ", ".join(str(value) for value in columns.values())
            statement = f"INSERT INTO {table} ({names}) SELECT {values} FROM {_numbers(count, postgres)}"
            run(statement.replace("%", "%%") if postgres else statement)  # psycopg takes % for a parameter
        for _, definition in made:
            run(definition)
        connection.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if postgres else "ANALYZE"))  # as a house that has lived


def _indexes(connection: object, postgres: bool) -> list[tuple[str, str]]:
    """(name, statement) of the plain indexes of the large tables."""
    wanted = ("messages", "batches", "chunks", "audit_entries")
    query = (
        "SELECT indexname, indexdef, tablename FROM pg_indexes WHERE schemaname = 'public' "
        "AND indexname LIKE 'ix\\_%%'" if postgres
        else "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix\\_%' ESCAPE '\\'"
    )
    rows = connection.exec_driver_sql(query)  # type: ignore[attr-defined]
    return [(row[0], row[1]) for row in rows if row[2] in wanted]


def _numbers(count: int, postgres: bool) -> str:
    if postgres:
        return f"generate_series(1::bigint, {count}) AS s(n)"
    return f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"


def _moment(postgres: bool) -> str:
    if postgres:
        return "(TIMESTAMPTZ '2024-01-01 00:00:00+00' + n * INTERVAL '10 minutes')"
    return "strftime('%Y-%m-%d %H:%M:%S.000000', '2024-01-01', '+' || (n * 10) || ' minutes')"


def _tables(
    crowd: Crowd, whose: str, moment: str, postgres: bool
) -> list[tuple[str, int, dict[str, object]]]:
    no, batch = "false" if postgres else "0", f"((n - 1) / {EACH} + 1)"
    phone = "CAST(13000000000 + (n * 7919) % 899999999 AS VARCHAR(20))"
    state = "(CASE n % 20 WHEN 0 THEN 'failed' WHEN 1 THEN 'accepted' ELSE 'delivered' END)"
    standing = ("(CASE n % 50 WHEN 0 THEN 'paused' WHEN 1 THEN 'sending' WHEN 2 THEN 'cancelled' WHEN 3 THEN 'sent' "
                "ELSE 'done' END)")
    wording = {"customer_id": "n", "state": "'approved'", "state_reason": "''", "created_at": moment}
    return [
        ("customers", crowd.customers, {
            "name": "'公司' || n", "contact_name": "'张' || n", "phone": phone, "email": "''",
            "state": "(CASE WHEN n % 100 = 0 THEN 'frozen' ELSE 'active' END)", "frozen_reason": "''",
            "charge_on": "'success'", "charge_expired": no, "created_at": moment}),
        ("signatures", crowd.customers, {**wording, "name": "'签名' || n", "kind": "'general'", "dest_code": "''"}),
        ("templates", crowd.customers, {
            **wording, "code": "'SMS_' || n", "name": "'模板' || n", "content": "'请查收'", "kind": "'notice'"}),
        ("batches", crowd.batches, {
            "customer_id": whose, "by": "'bench'", "signature_id": whose, "template_id": whose, "kind": "'notice'",
            "origin": "'console'", "subject": "'任务' || n", "sign_name": "'签名'", "template_code": "'SMS_1'",
            "content": "'请查收'", "personal": no, "charge_on": "'success'", "charge_expired": no, "lane": 2,
            "state": standing, "pause_code": "''", "pause_reason": "''", "paused_by": "''", "body_hash": "''",
            "created_at": moment, "good": EACH, "repeated": 0, "invalid": 1, "blocked": 0, "segments": EACH,
            "queued": 0, "accepted": 3, "unknown": 0, "delivered": EACH - 5, "failed": 2, "expired": 0,
            "cancelled": 0}),
        ("chunks", crowd.batches, {
            "batch_id": "n", "state": "'accepted'", "lane": 2, "size": EACH, "tries": 1, "asked": 0, "sent_again": no,
            "code": "''", "message": "''"}),
        ("messages", crowd.messages, {
            "customer_id": whose.replace("n %", f"{batch} %").replace("n * 7919", f"{batch} * 7919"),
            "chunk_id": batch, "line": f"(n - 1) % {EACH} + 1", "phone": phone, "segments": 1, "state": state,
            "code": "(CASE n % 20 WHEN 0 THEN 'MK:0001' WHEN 1 THEN NULL ELSE 'DELIVERED' END)"}),
        ("audit_entries", crowd.batches * 2, {
            "by": "'staff' || (n % 7)", "action": "'pause'", "subject_kind": "'batches'",
            "subject_id": f"1 + n % {crowd.batches}", "reason": "''", "ip": "'10.0.0.1'", "created_at": moment}),
    ]
