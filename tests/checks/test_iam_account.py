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
from checks.kit import ACCOUNT_ARN, NotApplicable
from tests.checks.cases import Case

LENGTH = iam_account.password_policy_wants_length
REUSE = iam_account.password_policy_prevents_reuse
KINDS = iam_account.password_policy_wants_all_kinds
EXPIRES = iam_account.password_policy_expires_passwords
SUPPORT = iam_account.account_has_support_role
AUDIT = iam_account.account_has_audit_role

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


def access(policy: str, *roles: str) -> dict[str, Any]:
    found = [{"RoleName": role, "RoleId": "AROAEXAMPLE"} for role in roles]
    return {"account_id": "123456789012", "policy": f"arn:aws:iam::aws:policy/{policy}", "roles": found}


CASES = [
    Case(LENGTH, [POLICY | {"MinimumPasswordLength": 14}], None),
    Case(LENGTH, [POLICY | {"MinimumPasswordLength": 13}], "accepts passwords of 13 characters"),
    Case(LENGTH, [{}], "has no password policy, so 8 characters are enough"),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 24}], None),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 5}], "remembers 5 earlier passwords"),
    Case(REUSE, [POLICY], "remembers no earlier passwords"),
    Case(REUSE, [POLICY | {"PasswordReusePrevention": 0}], "remembers no earlier passwords"),
    Case(REUSE, [{}], "has no password policy, so old passwords can be used again"),
    Case(KINDS, [POLICY | dict.fromkeys(iam_account.COMPOSITION, True)], None),
    Case(KINDS, [POLICY], "accepts passwords without a character of kind: uppercase, symbol"),
    Case(KINDS, [POLICY], "accepts passwords without a character of kind: symbol", {"kinds": ("number", "symbol")}),
    Case(KINDS, [{}], "has no password policy, so three kinds of characters out of four are enough"),
    Case(EXPIRES, [POLICY], None),
    Case(EXPIRES, [POLICY | {"MaxPasswordAge": 91}], "lets passwords live for 91 days"),
    Case(EXPIRES, [{"MinimumPasswordLength": 8}], "lets passwords live for ever"),
    Case(EXPIRES, [{}], "lets passwords live for ever"),
    Case(SUPPORT, [access("AWSSupportAccess", "incident-response")], None),
    Case(SUPPORT, [access("AWSSupportAccess")], "has no role with AWSSupportAccess"),
    Case(AUDIT, [access("SecurityAudit", "auditor")], None),
    Case(AUDIT, [access("SecurityAudit")], "has no role with SecurityAudit"),
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
    assert [one["roles"] for one in support_access.stream(aws)] == [[]]
    iam.create_role(RoleName="incident-response", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="incident-response", PolicyArn=policy)
    (found,) = support_access.stream(aws)
    assert [role["RoleName"] for role in found["roles"]] == ["incident-response"]


def test_every_rule_is_changed_alone() -> None:
    more = {"RequireUppercaseCharacters": True, "RequireSymbols": True, "MinimumPasswordLength": 8}
    assert iam_account.want_all_kinds.plan(POLICY).do[0].params == KEPT | more
    plan = iam_account.let_expire.plan(POLICY | {"MaxPasswordAge": 300})
    assert plan.do[0].params == KEPT | {"MaxPasswordAge": 90, "MinimumPasswordLength": 8}
    assert plan.notes == ["Whoever has a password older than 90 days must set a new one at the next sign-in."]


def test_nobody_is_locked_out_by_an_end() -> None:
    with pytest.raises(NotApplicable):
        iam_account.let_expire.plan(POLICY | {"HardExpiry": True})


def test_a_new_role_is_for_this_account_with_mfa() -> None:
    create, attach = iam_account.add_support_role.plan(access("AWSSupportAccess")).do
    (statement,) = json.loads(create.params["AssumeRolePolicyDocument"])["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert attach.params == {"RoleName": "support-access", "PolicyArn": "arn:aws:iam::aws:policy/AWSSupportAccess"}


def short_passwords(aws: boto3.Session) -> None:
    aws.client("iam").update_account_password_policy(**KEPT, MinimumPasswordLength=8)


def no_policy(aws: boto3.Session) -> None:
    """A fresh account has none."""


def passwords_for_ever(aws: boto3.Session) -> None:
    aws.client("iam").update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    LENGTH.id: short_passwords,
    REUSE.id: no_policy,
    KINDS.id: short_passwords,
    EXPIRES.id: passwords_for_ever,
    SUPPORT.id: no_policy,
    AUDIT.id: no_policy,
}
