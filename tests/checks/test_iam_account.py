"""The password policy and its fixes, and the role for AWS Support."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.fixing import FixAws
from bot.settings import load
from checks import iam_account
from checks.iam_account import password_policy, support_access
from checks.kit import ACCOUNT_ARN
from tests.checks.cases import Case

LENGTH = iam_account.password_policy_wants_length
REUSE = iam_account.password_policy_prevents_reuse
SUPPORT = iam_account.account_has_support_role

POLICY: dict[str, Any] = {
    "MinimumPasswordLength": 8,
    "RequireSymbols": False,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "ExpirePasswords": True,
    "MaxPasswordAge": 90,
    "HardExpiry": False,
}

CASES = [
    Case(LENGTH, [POLICY | {"MinimumPasswordLength": 14}], None),
    Case(LENGTH, [POLICY | {"MinimumPasswordLength": 13}], "accepts passwords of 13 characters"),
    Case(LENGTH, [{}], "has no password policy, so 8 characters are enough"),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 24}], None),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 5}], "remembers 5 earlier passwords"),
    Case(REUSE, [POLICY], "remembers no earlier passwords"),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 0}], "remembers no earlier passwords"),
    Case(REUSE, [{}], "has no password policy, so old passwords can be used again"),
    Case(SUPPORT, [{"roles": [{"RoleName": "incident-response", "RoleId": "AROAEXAMPLE"}]}], None),
    Case(SUPPORT, [{"roles": []}], "has no role with AWSSupportAccess"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


KEPT: dict[str, Any] = {
    "RequireNumbers": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 90,
}


def test_the_plan_keeps_every_other_setting_and_goes_back_to_the_earlier_policy() -> None:
    plan = iam_account.want_length.plan(POLICY)
    assert [(call.call, call.params) for call in [*plan.do, *plan.undo]] == [
        ("iam:UpdateAccountPasswordPolicy", {**KEPT, "MinimumPasswordLength": 14}),
        ("iam:UpdateAccountPasswordPolicy", {**KEPT, "MinimumPasswordLength": 8}),
    ]
    changed = {key: (plan.before[key], plan.after[key]) for key in plan.before if plan.before[key] != plan.after[key]}
    assert changed == {"MinimumPasswordLength": ("8", "14")}


def test_any_other_change_of_the_policy_is_drift() -> None:
    before = iam_account.want_length.plan(POLICY).before
    assert iam_account.want_length.plan(POLICY | {"RequireSymbols": True}).before != before
    assert iam_account.want_length.plan(POLICY | {"MaxPasswordAge": 60}).before != before


def test_a_change_after_the_fix_is_drift_too() -> None:
    """Undoing would take it back with the rest."""
    fixed = POLICY | {"MinimumPasswordLength": 14}
    before = iam_account.want_length.plan(fixed).before
    assert iam_account.want_length.plan(fixed | {"MinimumPasswordLength": 20}).before != before
    assert iam_account.want_length.plan(fixed | {"MaxPasswordAge": 60}).before != before


def test_a_first_policy_is_no_weaker_than_the_one_aws_applied_and_is_deleted_again() -> None:
    plan = iam_account.prevent_reuse.plan({})
    composition = dict.fromkeys(iam_account.COMPOSITION, True)
    assert plan.do[0].params == {"MinimumPasswordLength": 8, "PasswordReusePrevention": 24, **composition}
    assert [(call.call, call.params) for call in plan.undo] == [("iam:DeleteAccountPasswordPolicy", {})]
    assert set(plan.before.values()) == {"not set"}


def test_a_policy_that_asks_for_more_is_not_weakened() -> None:
    plan = iam_account.want_length.plan(POLICY | {"MinimumPasswordLength": 20})
    assert plan.do[0].params["MinimumPasswordLength"] == 20
    plan = iam_account.prevent_reuse.plan(POLICY | {"MinimumPasswordLength": 20})
    assert plan.do[0].params["MinimumPasswordLength"] == 20


def test_the_plan_follows_the_threshold_of_the_settings(aws: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_THRESHOLDS", json.dumps({LENGTH.id: {"length": 20}}))
    hands = FixAws(load(), lambda: aws)
    where = ACCOUNT_ARN.format(partition="aws", account=aws.account)
    seen = hands.look(hands.connect(), iam_account.want_length, "us-east-1", where)
    assert seen.plan is not None
    assert seen.plan.do[0].params["MinimumPasswordLength"] == 20


def test_reads_the_policy_or_that_there_is_none(aws: Region) -> None:
    assert list(password_policy.stream(aws)) == [{}]
    boto3.client("iam").update_account_password_policy(MinimumPasswordLength=10)
    (policy,) = password_policy.stream(aws)
    assert policy["MinimumPasswordLength"] == 10


def test_reads_who_may_open_support_cases(aws: Region) -> None:
    iam = boto3.client("iam")
    policy = "arn:aws:iam::aws:policy/AWSSupportAccess"
    iam.create_user(UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=policy)
    assert list(support_access.stream(aws)) == [{"roles": []}]
    iam.create_role(RoleName="incident-response", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="incident-response", PolicyArn=policy)
    (found,) = support_access.stream(aws)
    assert [role["RoleName"] for role in found["roles"]] == ["incident-response"]


def short_passwords(aws: boto3.Session) -> None:
    aws.client("iam").update_account_password_policy(**KEPT, MinimumPasswordLength=8)


def no_policy(aws: boto3.Session) -> None:
    """A fresh account has none."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {LENGTH.id: short_passwords, REUSE.id: no_policy}
