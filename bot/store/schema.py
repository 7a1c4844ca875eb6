"""The tables, as migrations: each runs once, in a transaction, in this order."""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

migrations = Migrations("aws-sec")


def _run(db: sqlite_utils.Database, *statements: str) -> None:
    # One by one: sqlite3's executescript would commit the migration's transaction.
    for statement in statements:
        db.execute(statement)


@migrations()
def findings_and_scans(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE scans (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
            state TEXT NOT NULL DEFAULT 'running', complete_scope INTEGER NOT NULL, requested_by TEXT NOT NULL,
            note TEXT NOT NULL DEFAULT ''
        )
        """,
        """
        CREATE TABLE results (
            account TEXT NOT NULL, check_id TEXT NOT NULL, region TEXT NOT NULL, scan_id INTEGER NOT NULL,
            passed INTEGER NOT NULL, failed INTEGER NOT NULL, unknown INTEGER NOT NULL, not_applicable INTEGER NOT NULL,
            unknown_text TEXT NOT NULL, read_at TEXT NOT NULL,
            PRIMARY KEY (account, check_id, region)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE scores (
            scan_id INTEGER PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL,
            score INTEGER, practices TEXT NOT NULL, open INTEGER NOT NULL
        )
        """,
        """
        CREATE INDEX scores_at ON scores (account, at)
        """,
        """
        CREATE TABLE findings (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, check_id TEXT NOT NULL,
            resource TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, severity INTEGER NOT NULL,
            practice TEXT NOT NULL, state TEXT NOT NULL, first_seen TEXT NOT NULL, opened_at TEXT NOT NULL,
            last_seen TEXT NOT NULL, resolved_at TEXT,
            muted_until TEXT, muted_by TEXT, muted_reason TEXT,
            UNIQUE (check_id, account, region, resource)
        )
        """,
        """
        CREATE INDEX findings_open ON findings (account, state, severity)
        """,
        """
        CREATE TABLE finding_events (
            id INTEGER PRIMARY KEY, finding_id INTEGER NOT NULL REFERENCES findings (id), at TEXT NOT NULL,
            kind TEXT NOT NULL, note TEXT NOT NULL DEFAULT ''
        )
        """,
        """
        CREATE INDEX finding_events_at ON finding_events (at)
        """,
    )


@migrations()
def fix_requests(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY, finding_id INTEGER NOT NULL REFERENCES findings (id),
            account TEXT NOT NULL, region TEXT NOT NULL, check_id TEXT NOT NULL, resource TEXT NOT NULL,
            name TEXT NOT NULL, plan TEXT NOT NULL, plan_hash TEXT NOT NULL, mode TEXT NOT NULL, state TEXT NOT NULL,
            requester TEXT NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
            approver TEXT, undoer TEXT, ended_at TEXT, result TEXT NOT NULL DEFAULT '',
            after_state TEXT, cards TEXT NOT NULL DEFAULT '[]'
        )
        """,
        """
        CREATE UNIQUE INDEX requests_one_open ON requests (account, region, resource)
            WHERE state IN ('waiting', 'approved', 'running', 'undoing')
        """,
        """
        CREATE TABLE steps (
            request_id INTEGER NOT NULL REFERENCES requests (id), phase TEXT NOT NULL, position INTEGER NOT NULL,
            call TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (request_id, phase, position)
        ) WITHOUT ROWID
        """,
    )


@migrations()
def audit_chain(db: sqlite_utils.Database) -> None:
    # The insert trigger matters as much as the others: REPLACE deletes without asking a delete trigger.
    _run(
        db,
        """
        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            subject TEXT NOT NULL, request_id INTEGER, plan_hash TEXT NOT NULL, result TEXT NOT NULL,
            detail TEXT NOT NULL, keyed INTEGER NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE
        )
        """,
        """
        CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'audit rows cannot be changed'); END
        """,
        """
        CREATE TRIGGER audit_loses_none BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'audit rows cannot be deleted'); END
        """,
        """
        CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
            WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
            BEGIN SELECT RAISE(ABORT, 'audit rows are only added at the end'); END
        """,
    )


@migrations()
def digests(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE digests (
            slot TEXT PRIMARY KEY, channel TEXT NOT NULL, state TEXT NOT NULL, claimed_at TEXT NOT NULL,
            posted_at TEXT, ts TEXT NOT NULL DEFAULT '', audit_seq INTEGER, audit_head TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID
        """,
    )


@migrations()
def what_a_resource_is_part_of(db: sqlite_utils.Database) -> None:
    _run(db, "ALTER TABLE requests ADD COLUMN within TEXT NOT NULL DEFAULT ''")


@migrations()
def approvals_and_freezes(db: sqlite_utils.Database) -> None:
    _run(
        db,
        "ALTER TABLE requests ADD COLUMN needed INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE requests ADD COLUMN approvals TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE requests ADD COLUMN broke_glass TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE freezes (
            id INTEGER PRIMARY KEY, tag TEXT NOT NULL, start TEXT NOT NULL, until TEXT NOT NULL, reason TEXT NOT NULL,
            by TEXT NOT NULL, ended_at TEXT, ended_by TEXT
        )
        """,
    )


@migrations()
def batches(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE batches (
            id INTEGER PRIMARY KEY, check_id TEXT NOT NULL, created_at TEXT NOT NULL, cards TEXT NOT NULL DEFAULT '[]'
        )
        """,
        "ALTER TABLE requests ADD COLUMN batch INTEGER REFERENCES batches (id)",
        "CREATE INDEX requests_of_batch ON requests (batch) WHERE batch IS NOT NULL",
    )


@migrations()
def owners(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE owners (
            account TEXT NOT NULL, resource TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (account, resource)
        ) WITHOUT ROWID
        """,
    )


@migrations()
def living_digests(db: sqlite_utils.Database) -> None:
    _run(db, "ALTER TABLE digests ADD COLUMN shown TEXT NOT NULL DEFAULT ''")


@migrations()
def mutes_with_a_scope(db: sqlite_utils.Database) -> None:
    # Of several mutes of one finding the last to end is the one that hides it; an own mute is number 0.
    _run(
        db,
        """
        CREATE TABLE mutes (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, check_id TEXT NOT NULL, owner TEXT NOT NULL,
            start TEXT NOT NULL, until TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
            ended_at TEXT, ended_by TEXT
        )
        """,
        """
        CREATE VIEW hidden_by AS
            SELECT f.id AS finding, f.state AS state, m.id AS mute, m.until AS until
            FROM findings f JOIN mutes m ON m.account = f.account AND m.check_id = f.check_id AND m.ended_at IS NULL
            WHERE m.owner = '' OR m.owner =
                (SELECT owner FROM owners o WHERE o.account = f.account AND o.resource = f.resource)
        """,
        """
        CREATE VIEW seen AS
            SELECT f.id, f.account, f.region, f.check_id, f.resource, f.name, f.text, f.severity, f.practice, f.state,
                f.first_seen, f.opened_at, f.last_seen, f.resolved_at,
                coalesce(m.until, f.muted_until) AS muted_until, coalesce(m.by, f.muted_by) AS muted_by,
                coalesce(m.reason, f.muted_reason) AS muted_reason, coalesce(m.id, 0) AS mute,
                coalesce((SELECT owner FROM owners o
                    WHERE o.account = f.account AND o.resource = f.resource), '') AS owner
            FROM findings f LEFT JOIN mutes m ON m.until > coalesce(f.muted_until, '') AND m.id =
                (SELECT h.mute FROM hidden_by h WHERE h.finding = f.id ORDER BY h.until DESC, h.mute DESC LIMIT 1)
        """,
    )


@migrations()
def shipments(db: sqlite_utils.Database) -> None:
    _run(
        db,
        "CREATE TABLE shipments (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at TEXT NOT NULL, sent_at TEXT)",
    )


@migrations()
def announcements(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """
        CREATE TABLE announcements (
            request_id INTEGER NOT NULL REFERENCES requests (id), channel TEXT NOT NULL, at TEXT NOT NULL, told_at TEXT,
            PRIMARY KEY (request_id, channel)
        ) WITHOUT ROWID
        """,
    )


@migrations()
def mutes_of_a_tag(db: sqlite_utils.Database) -> None:
    # A mute without a check is of every check; what has its tag is read with each scan.
    _run(
        db,
        "ALTER TABLE mutes ADD COLUMN tag TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE tagged (
            account TEXT NOT NULL, tag TEXT NOT NULL, resource TEXT NOT NULL, PRIMARY KEY (account, tag, resource)
        ) WITHOUT ROWID
        """,
        "DROP VIEW hidden_by",
        """
        CREATE VIEW hidden_by AS
            SELECT f.id AS finding, f.state AS state, m.id AS mute, m.until AS until
            FROM findings f JOIN mutes m ON m.account = f.account AND m.check_id IN ('', f.check_id)
                AND m.ended_at IS NULL
            WHERE (m.owner = '' OR m.owner =
                    (SELECT owner FROM owners o WHERE o.account = f.account AND o.resource = f.resource))
                AND (m.tag = '' OR EXISTS (SELECT 1 FROM tagged t
                    WHERE t.account = f.account AND t.tag = m.tag AND t.resource = f.resource))
        """,
    )


@migrations()
def open_by_severity(db: sqlite_utils.Database) -> None:
    _run(db, "ALTER TABLE scores ADD COLUMN by_severity TEXT NOT NULL DEFAULT ''")


@migrations()
def log_shipments(db: sqlite_utils.Database) -> None:
    columns = "first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at TEXT NOT NULL, sent_at TEXT"
    _run(db, f"CREATE TABLE log_shipments ({columns})")


@migrations()
def digests_of_many(db: sqlite_utils.Database) -> None:
    # A slot is due once for each channel or person; '' is the digest of everything.
    columns = "slot, channel, state, claimed_at, posted_at, ts, audit_seq, audit_head, shown"
    _run(
        db,
        "ALTER TABLE digests RENAME TO digests_of_one",
        """
        CREATE TABLE digests (
            route TEXT NOT NULL DEFAULT '', slot TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL,
            claimed_at TEXT NOT NULL, posted_at TEXT, ts TEXT NOT NULL DEFAULT '', audit_seq INTEGER,
            audit_head TEXT NOT NULL DEFAULT '', shown TEXT NOT NULL DEFAULT '', PRIMARY KEY (route, slot)
        ) WITHOUT ROWID
        """,
        f"INSERT INTO digests ({columns}) SELECT {columns} FROM digests_of_one",  # noqa: S608  # names are ours
        "DROP TABLE digests_of_one",
        """
        CREATE TABLE owners_told (
            user TEXT PRIMARY KEY, stopped_at TEXT, refused_at TEXT, refused TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID
        """,
    )


@migrations()
def mutes_that_hold(db: sqlite_utils.Database) -> None:
    # The view asks for every finding which mutes hold: those that are over must not be looked through each time.
    _run(db, "CREATE INDEX mutes_that_hold ON mutes (account, check_id) WHERE ended_at IS NULL")
