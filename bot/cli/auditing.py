"""`aws-sec audit`: the newest rows, the proof that none was touched, all as JSON lines; its key and its copy."""

from __future__ import annotations

import sys

from bot import settings
from bot.cli.exits import FAILS, OK, Failed
from bot.cli.output import console, plain, table
from bot.cli.scanning import me
from bot.cli.stored import opened
from bot.copies import copies
from bot.ledger import CannotShip, Ledger
from bot.store import Store
from bot.store.audit import Head
from bot.words import plural


def show(last: int) -> int:
    """Print the newest rows, newest first."""
    with opened() as store:
        rows = store.audit.rows(last=last)
    if not rows:
        console().print("The audit log is empty.")
        return OK
    lines = table("Row", "When (UTC)", "Who", "What", "On what", "Request", "Result")
    for row in rows:
        detail = row["detail"]
        why = detail.get("why") or detail.get("reason") or detail.get("result") or detail.get("call") or ""
        lines.add_row(
            str(row["seq"]),
            row["at"][:19].replace("T", " "),
            plain(row["actor"]),
            row["action"],
            plain(row["subject"]),
            str(row["request_id"] or ""),
            plain(f"{row['result']}: {why}" if why else row["result"]),
        )
    console().print(lines)
    return OK


def verify(witness: str, *, bucket: bool = False) -> int:
    """Walk the chain; compares with a head seen earlier, or else with the one in the last digest, and with the copy."""
    with opened() as store:
        head = parse_head(witness) if witness else store.digests.witnessed()
        found = store.audit.verify(head)
        copy = _ledger(store).compare() if bucket else None
    if not found.ok:
        console(stderr=True).print(f"The audit log was altered: {found.problem}.", soft_wrap=True)
    if copy and not copy.ok:
        console(stderr=True).print(f"The audit log and its copy differ: {copy.problem}.", soft_wrap=True)
    if not found.ok or (copy and not copy.ok):
        return FAILS
    witnessed = f", and holds the head {head.seq} seen earlier" if head else ""
    out = console()
    out.print(f"The audit log is as it was written: {plural(found.rows, 'row')}{witnessed}.", soft_wrap=True)
    if found.unkeyed:
        rows = plural(found.unkeyed, "row")
        out.print(f"{rows} without AWS_SEC_AUDIT_KEY: whoever may write to the database could have made them.")
    if copy:
        waiting = f"; {plural(copy.waiting, 'newer row')} not copied yet" if copy.waiting else ""
        out.print(f"The copy agrees: {plural(copy.rows, 'row')}{waiting}.", soft_wrap=True)
    out.print(f"Head {found.head.seq}:{found.head.hash}", soft_wrap=True)
    return OK


def rotate() -> int:
    """Go on with the key of the settings, from a row made with both keys."""
    with opened() as store:
        head = store.audit.change_key(actor=me(), witness=store.digests.witnessed())
    if head is None:
        console().print("The audit log has this key already.")
        return OK
    console().print(
        f"The audit log goes on with the new key from row {head.seq}. Keep the old one in AWS_SEC_AUDIT_OLD_KEYS: the"
        " rows before are verified with it.",
        soft_wrap=True,
    )
    return OK


def ship() -> int:
    """Copy what is not in each copy yet."""
    found = copies(settings.load())
    if not found:
        raise Failed("there is no copy of the audit log: set AWS_SEC_AUDIT_BUCKET or AWS_SEC_AUDIT_LOG_STREAM")
    with opened() as store:
        for where, opens in found.items():
            try:
                rows = opens(store, where).ship()
            except CannotShip as error:
                raise Failed(str(error)) from error
            words = f"{plural(rows, 'row')} copied to {where}." if rows else f"{where} has every row already."
            console().print(words, soft_wrap=True)
    return OK


def _ledger(store: Store) -> Ledger:
    where = settings.load().audit_bucket
    if not where:
        raise Failed("there is no bucket for a copy of the audit log: set AWS_SEC_AUDIT_BUCKET")
    try:
        return Ledger(store, where)
    except CannotShip as error:
        raise Failed(str(error)) from error


def export() -> int:
    """Print every row as a line of JSON, oldest first."""
    with opened() as store:
        for line in store.audit.export():
            sys.stdout.write(f"{line}\n")
    return OK


def parse_head(text: str) -> Head:
    """A head as digests and `audit verify` print it. Raises Failed."""
    seq, colon, digest = text.strip().partition(":")
    if not (colon and seq.isdigit() and digest):
        raise Failed(f"{text!r} is not an audit head: give it as a digest shows it, NUMBER:HASH")
    return Head(int(seq), digest)
