"""One SQLite connection, its transactions, and its troubles in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.store.lean import sqlite_utils
from bot.store.schema import migrations

BUSY_SECONDS = 10
"""How long a write waits for another process's write."""

Params = Sequence[Any] | dict[str, Any]


class StoreError(Exception):
    """The database could not be used; says why and what to do."""


class Database:
    """A connection all threads share, one at a time. Writes are `BEGIN IMMEDIATE`: read and write as one."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        with self._in_words():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            connection.text_factory = _text
            connection.create_function("folded", 1, str.casefold, deterministic=True)  # its own lower() is of ASCII
            self._db = sqlite_utils.Database(connection)
            self._db.enable_wal()
            self._db.execute("PRAGMA foreign_keys = ON")
            if migrations.pending(self._db):
                with self.transaction():
                    migrations.apply(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile; inside another transaction, part of it."""
        with self._lock, self._in_words():
            if self._db.conn.in_transaction:
                yield
                return
            self._db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.conn.commit()
            except BaseException:  # of the commit, too: what follows must not join a transaction that never ends
                self._db.conn.rollback()
                raise

    def rows(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """Every row of a query, as dicts."""
        with self._lock, self._in_words():
            return list(self._db.query(sql, _storable(params)))

    def row(self, sql: str, params: Params = ()) -> dict[str, Any] | None:
        """The first row of a query, if there is one."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def write(self, sql: str, params: Params = ()) -> int:
        """The number of rows an insert, update or delete changed."""
        with self.transaction():
            return self._db.execute(sql, _storable(params)).rowcount

    def insert(self, table: str, row: dict[str, Any]) -> int:
        """The rowid of a new row."""
        with self.transaction():
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            cursor = self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", _storable(row))  # noqa: S608  # names are ours
            return int(cursor.lastrowid or 0)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(_sentence(error, self.path)) from error


def _text(raw: bytes) -> str:
    """What was not written as text must be told from all that was, not keep a table from being read."""
    return raw.decode("utf-8", "surrogateescape")


def storable(value: Any) -> Any:
    """Text without the halves of characters that JSON can hold and a database cannot; everything else as it is."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _storable(params: Params) -> Params:
    if isinstance(params, dict):
        return {name: storable(value) for name, value in params.items()}
    return [storable(value) for value in params]


def _sentence(error: Exception, path: Path) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"the database {path.name} is busy: another process is writing to it; try again in a moment"
    if name.startswith("SQLITE_READONLY") or isinstance(error, PermissionError):
        return f"the database {path} is read-only: give the bot write permission to the file and its folder"
    if name == "SQLITE_CANTOPEN" or isinstance(error, OSError):
        return f"the database {path} cannot be opened: check AWS_SEC_DATABASE and the folder's permissions"
    if name == "SQLITE_FULL":
        return f"the disk that holds {path} is full"
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return f"the database {path} is damaged or not a database: restore it from a backup"
    return f"the database {path.name} refused: {error}"


def stamp(moment: datetime) -> str:
    """A moment as the tables keep it: ISO 8601 in UTC, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str | None) -> datetime | None:
    """The moment behind a stamp."""
    return datetime.fromisoformat(text) if text else None
