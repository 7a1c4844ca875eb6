"""Batches: fix requests that were asked for together, and the messages that show them as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from bot.store.database import Database, stamp
from bot.store.fix_request import OPEN, Batch, Card, New
from bot.store.requests import NoSuchRequest, Requests


class Batches:
    def __init__(self, db: Database, requests: Requests) -> None:
        self._db = db
        self._requests = requests

    def create(self, news: Sequence[New]) -> Batch:
        """All of them, or none. Raises ResourceBusy when another request is open for one of the resources."""
        first = news[0]
        with self._db.transaction():
            id = self._db.insert("batches", {"check_id": first.check_id, "created_at": stamp(first.created_at)})
            for new in news:
                self._requests.create(replace(new, batch=id))
        return self.get(id)

    def get(self, id: int) -> Batch:
        """The batch as it stands; raises NoSuchRequest."""
        row = self._db.row("SELECT cards FROM batches WHERE id = ?", [id])
        if row is None:
            raise NoSuchRequest(f"there is no batch {id}")
        return Batch(id, self._requests.of_batch(id), [Card(**card) for card in json.loads(row["cards"])])

    def put_card(self, id: int, card: Card) -> None:
        """Remember a message that shows the batch, or what it shows by now."""
        with self._db.transaction():
            others = [c for c in self.get(id).cards if (c.channel, c.ts) != (card.channel, card.ts)]
            text = json.dumps([asdict(c) for c in [*others, card]])
            self._db.write("UPDATE batches SET cards = ? WHERE id = ?", [text, id])

    def outdated(self, ended_since: datetime) -> list[Batch]:
        """Batches, open or ended lately, that a message shows otherwise than they are, or that no approver sees."""
        marks = ", ".join("?" for _ in OPEN)
        rows = self._db.rows(
            f"SELECT DISTINCT batch FROM requests WHERE state IN ({marks}) OR ended_at > ? ORDER BY batch",  # noqa: S608
            [*OPEN, stamp(ended_since)],
        )
        return [
            batch
            for batch in (self.get(row["batch"]) for row in rows if row["batch"] is not None)
            if not batch.is_shown
        ]
