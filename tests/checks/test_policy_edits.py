"""Taking public statements out of a policy and leaving the rest as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.kit import Call, NotApplicable
from checks.outsiders import outsiders
from checks.policy_edits import close, shut_out, with_condition, without_public

OPEN: dict[str, Any] = {"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
NAMED: dict[str, Any] = {"Sid": "named", "Effect": "Allow", "Principal": {"AWS": "1" * 12}, "Action": "sqs:*"}
GONE = Call("sqs:SetQueueAttributes", {"Policy": ""})


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": "mine", "Statement": list(statements)})


def put(text: str) -> Call:
    return Call("sqs:SetQueueAttributes", {"Policy": text})


def test_every_other_statement_stays_as_it_was() -> None:
    assert json.loads(without_public(policy(NAMED, OPEN))) == json.loads(policy(NAMED))
    plan = close(policy(NAMED, OPEN), put, GONE)
    assert plan.do == [put(policy(NAMED))]
    assert plan.undo == [put(policy(NAMED, OPEN))]


def test_a_statement_that_stands_alone_and_leaves_nothing() -> None:
    alone = json.dumps({"Statement": OPEN})
    assert without_public(alone) == ""
    assert close(alone, put, GONE).do == [GONE]
    assert close(alone, put, policy(NAMED)).do == [put(policy(NAMED))]


@pytest.mark.parametrize("closed", ["", policy(NAMED)])
def test_there_is_nothing_to_take_out_of_a_closed_policy(closed: str) -> None:
    with pytest.raises(NotApplicable):
        close(closed, put, GONE)


OURS, THEIRS = "1" * 12, "2" * 12


def out(text: str) -> list[str]:
    return outsiders(text, OURS)


def test_accounts_are_taken_out_by_name_and_others_of_the_statement_stay() -> None:
    both = NAMED | {"Principal": {"AWS": [OURS, f"arn:aws:iam::{THEIRS}:role/reader"], "Service": "s3.amazonaws.com"}}
    theirs = NAMED | {"Principal": {"AWS": THEIRS}}
    denied = theirs | {"Effect": "Deny"}
    plan = shut_out(policy(both, theirs, denied), out, put, GONE)
    kept = both | {"Principal": {"Service": "s3.amazonaws.com", "AWS": [OURS]}}
    assert plan.do == [put(policy(kept, denied))]
    assert plan.undo == [put(policy(both, theirs, denied))]
    assert shut_out(policy(theirs), out, put, GONE).do == [GONE]


@pytest.mark.parametrize(
    "text", [policy(NAMED), policy(OPEN | {"Condition": {"StringEquals": {"aws:PrincipalAccount": THEIRS}}})]
)
def test_nobody_to_take_out_and_who_gets_in_by_a_condition_have_no_plan(text: str) -> None:
    with pytest.raises(NotApplicable):
        shut_out(text, out, put, GONE)


def test_who_is_let_in_as_a_member_of_an_organization_stays_where_it_is() -> None:
    theirs = NAMED | {"Principal": {"AWS": THEIRS}}
    member = theirs | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    assert shut_out(policy(theirs, member), out, put, GONE).do == [put(policy(member))]


def test_a_condition_joins_those_that_are_there() -> None:
    had = OPEN | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    later = json.loads(with_condition(policy(NAMED, had), [had], "Bool", "a:b", "true"))["Statement"]
    assert later == [NAMED, had | {"Condition": {"Bool": {"aws:SecureTransport": "true", "a:b": "true"}}}]
