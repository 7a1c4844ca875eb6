"""`aws-sec audit`: the newest rows, the proof that no row was touched, and the whole log as JSON lines."""

from __future__ import annotations

import sys

from bot.cli.exits import FAILS, OK, Failed
from bot.cli.output import console, plain, table
from bot.cli.stored import opened
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


def verify(witness: str) -> int:
    """Walk the chain; compares with a head seen earlier, or else with the one in the last digest."""
    with opened() as store:
        head = parse_head(witness) if witness else store.digests.witnessed()
        found = store.audit.verify(head)
    if not found.ok:
        console(stderr=True).print(f"The audit log was altered: {found.problem}.", soft_wrap=True)
        return FAILS
    witnessed = f", and holds the head {head.seq} seen earlier" if head else ""
    out = console()
    out.print(f"The audit log is as it was written: {plural(found.rows, 'row')}{witnessed}.", soft_wrap=True)
    if found.unkeyed:
        rows = plural(found.unkeyed, "row")
        out.print(f"{rows} without AWS_SEC_AUDIT_KEY: whoever may write to the database could have made them.")
    out.print(f"Head {found.head.seq}:{found.head.hash}", soft_wrap=True)
    return OK


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
