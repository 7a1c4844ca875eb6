"""Taking public statements out of a policy and leaving the rest as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.kit import Call, NotApplicable
from checks.policy_edits import close, without_public

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
