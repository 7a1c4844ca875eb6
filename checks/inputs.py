"""What fixes have to be told, because no read of the account says it: whom to write to, which bucket to use.

A plan asks for one by a keyword-only parameter of its name, and gets what the settings say (`fix_inputs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """`form`: what a value looks like, all of it; empty ones are never handed to a plan."""

    about: str
    example: str
    form: str = r"\S.*"


BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
ROLE = r"arn:aws[a-z-]*:iam::\d{12}:role/\S+"

INPUTS: Mapping[str, Input] = {
    "backup_tag": Input(
        "tag (key=value) by which a backup plan finds what it backs up", "backup=daily", r"[^=\s][^=]*=.+"
    ),
    "security_contact_email": Input(
        "address that the whole security team reads", "security@example.com", r"[\w+=.#|!&-]+@[\w.-]+\.[\w]+"
    ),
    "security_contact_name": Input("person or team that AWS asks for", "Security team", r"\S.{0,63}"),
    "security_contact_phone": Input("number that AWS calls", "+44 20 7946 0000", r"[\s0-9()+-]{1,25}"),
    "security_contact_title": Input("title of that person or team", "On call", r"\S.{0,49}"),
    "trail_bucket": Input("name of the bucket that takes a new trail's log files", "all-trails", BUCKET),
    "trail_log_group": Input("name of the log group, in a trail's home region, that takes its events", "trails"),
    "trail_log_role": Input(
        "ARN of the role with which CloudTrail writes there", "arn:aws:iam::123456789012:role/trail-logs", ROLE
    ),
}
"""Forms of contacts: https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html"""
