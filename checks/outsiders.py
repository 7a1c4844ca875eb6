"""Which accounts other than the owner's and the trusted ones a resource policy lets in.

How a policy names them: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html
"""

from __future__ import annotations

import re
from collections.abc import Collection

from checks.documents import Condition, Document, Statement, covers, statements
from checks.kit import Verdict

ACCOUNTS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceowner",
        "kms:calleraccount",
    }
)
"""Condition keys whose values name accounts."""

ORGANIZATION = ("orgid", "orgpaths")
"""How condition keys end that keep whoever asks within an organization."""


def outsiders(document: Document, account: str, trusted_accounts: Collection[str] = ()) -> list[str]:
    """Ids of the accounts that a policy names, or lets in by a condition, sorted.

    Left out: what is limited to an organization, for only its members get in. Everyone is no account: see
    `documents.opens_to_everyone`.
    """
    read = statements(document)
    fences = [
        s for s in read if not s.allows and s.everyone and s.conditions and all(map(_spares_members, s.conditions))
    ]
    found = set[str]()
    for s in read:
        fenced = any(map(_keeps_members, s.conditions)) or any(covers(deny, s) for deny in fences)
        if s.allows and not fenced:
            found |= named_in(s)
    return sorted(found - {account, *trusted_accounts})


def lets_in_outsiders(document: Document, account: str, trusted_accounts: Collection[str]) -> Verdict:
    """Which accounts a policy lets in, in words that follow the resource's name; None when it lets in none."""
    found = outsiders(document, account, trusted_accounts)
    return f"lets in account{'s' * (len(found) > 1)} {', '.join(found)}" if found else None


def named_in(statement: Statement) -> set[str]:
    """The accounts that a statement names as principals, or by conditions where everyone is its principal."""
    limits = [_named(condition) for condition in statement.conditions if condition.narrows]
    limits = [limit for limit in limits if limit]
    named = {principal.account for principal in statement.principals if principal.account and not principal.anyone}
    if statement.everyone:
        named |= set[str]().union(*limits)
    return named.intersection(*limits)


def _named(condition: Condition) -> set[str]:
    """The accounts that a condition's values name; none where one of them names no account (a bucket's ARN, say)."""
    if condition.key not in ACCOUNTS:
        return set()
    ids = [re.search(r"(?<!\d)\d{12}(?!\d)", value) for value in condition.values]
    return {found[0] for found in ids if found} if all(ids) else set()


def _keeps_members(condition: Condition) -> bool:
    return condition.narrows and condition.key.endswith(ORGANIZATION)


def _spares_members(condition: Condition) -> bool:
    return condition.spares and (condition.key.endswith(ORGANIZATION) or condition.key == "aws:principalisawsservice")
