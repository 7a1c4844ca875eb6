"""The copies of the audit log that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.ledger import Ledger
from bot.log_stream import LogStream
from bot.settings import Settings
from bot.store import Store


class Copy(Protocol):
    """A copy that is only added to."""

    def ship(self) -> int:
        """Copy all rows that are not there yet; how many. Raises CallError, CannotShip or StoreError."""
        ...

    def try_out(self) -> int:
        """Whether it can be read and written, adding nothing: the last row there. Raises CallError and CannotShip."""
        ...


class Opens(Protocol):
    """Opens a copy. Raises CannotShip."""

    def __call__(self, store: Store, where: str) -> Copy: ...


def copies(settings: Settings) -> Mapping[str, Opens]:
    """Where they are, and what opens each."""
    found: dict[str, Opens] = {}
    if settings.audit_bucket:
        found[settings.audit_bucket] = Ledger
    if settings.audit_log_stream:
        found[settings.audit_log_stream] = LogStream
    return found
