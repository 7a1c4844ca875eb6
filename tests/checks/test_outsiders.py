"""Whom a resource policy lets in from other accounts."""

from __future__ import annotations

from typing import Any

import pytest

from checks.outsiders import lets_in_outsiders, outsiders

OURS, OTHER, THIRD = "123456789012", "210987654321", "333333333333"
PRINCIPAL = {"AWS": f"arn:aws:iam::{OTHER}:root"}


def policy(principal: Any = PRINCIPAL, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": principal,
        "Action": "sqs:*",
        "Resource": "*",
    } | ({"Condition": condition} if condition else {})


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": list(statements)}


ORG = {"aws:PrincipalOrgID": "o-exampleorg"}
ROWS = [
    (document(), []),
    (document(policy()), [OTHER]),
    (document(policy(OTHER)), [OTHER]),
    (document(policy({"AWS": [OURS, OTHER, f"arn:aws:iam::{THIRD}:role/reader"]})), [OTHER, THIRD]),
    (document(policy({"AWS": OURS})), []),
    (document(policy({"Service": "s3.amazonaws.com"})), []),
    (document(policy(effect="Deny")), []),
    (document(policy("*")), []),
    (document(policy("*", StringEquals={"aws:PrincipalAccount": [OTHER, OURS]})), [OTHER]),
    (document(policy("*", StringEquals={"AWS:SourceOwner": OURS})), []),
    (document(policy("*", ArnLike={"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OTHER}:orders"})), [OTHER]),
    (document(policy("*", ArnLike={"aws:SourceArn": "arn:aws:s3:::northwind"})), []),
    (document(policy("*", StringEquals=ORG)), []),
    (document(policy(StringEquals=ORG)), []),
    (document(policy(StringEqualsIfExists=ORG)), [OTHER]),
    (document(policy(StringEquals={"aws:PrincipalAccount": OURS})), []),
    (document(policy(), policy("*", "Deny", StringNotEquals=ORG)), []),
    (document(policy(), policy("*", "Deny", StringNotEquals={"aws:PrincipalAccount": OTHER})), [OTHER]),
]


@pytest.mark.parametrize(("given", "expected"), ROWS)
def test_names_the_accounts(given: dict[str, Any], expected: list[str]) -> None:
    assert outsiders(given, OURS) == expected


def test_those_that_are_trusted_are_left_out() -> None:
    both = document(policy({"AWS": [OTHER, THIRD]}))
    assert lets_in_outsiders(both, OURS, [OTHER]) == f"lets in account {THIRD}"
    assert lets_in_outsiders(both, OURS, ()) == f"lets in accounts {OTHER}, {THIRD}"
    assert lets_in_outsiders(both, OURS, [OTHER, THIRD]) is None
