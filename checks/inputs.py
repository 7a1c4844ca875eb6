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


INPUTS: Mapping[str, Input] = {
    "security_contact_email": Input(
        "address that the whole security team reads", "security@example.com", r"[\w+=.#|!&-]+@[\w.-]+\.[\w]+"
    ),
    "security_contact_name": Input("person or team that AWS asks for", "Security team", r"\S.{0,63}"),
    "security_contact_phone": Input("number that AWS calls", "+44 20 7946 0000", r"[\s0-9()+-]{1,25}"),
    "security_contact_title": Input("what that person or team is", "On call", r"\S.{0,49}"),
}
"""Forms of contacts: https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html"""
