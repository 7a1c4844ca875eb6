"""Administrators, and what they sign in with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import iam_users
from checks.iam_users import administrators, mfa_devices
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOT_ASKED, Case
from tests.checks.test_iam_policies import ALL, SOME

NO_ADMIN = iam_users.user_is_no_administrator
HARDWARE = iam_users.administrator_signs_in_with_hardware


AWS_MANAGED = "arn:aws:iam::aws:policy/AdministratorAccess"


def admin(has_password: bool | None = True) -> dict[str, Any]:
    return {"arn": "arn:aws:iam::123456789012:user/ana", "name": "ana", "has_password": has_password}


def standing(*by: str, attached: tuple[str, ...] = (AWS_MANAGED,), unread: tuple[str, ...] = ()) -> dict[str, Any]:
    arn = "arn:aws:iam::123456789012:user/people/ana"
    return {"arn": arn, "name": "ana", "by": list(by), "attached": list(attached), "unread": list(unread)}


TOKEN = {"SerialNumber": "GAHT12345678"}
PASSKEY = {"SerialNumber": "arn:aws:iam::123456789012:u2f/user/ana/laptop-ABC123"}
APP = {"SerialNumber": "arn:aws:iam::123456789012:mfa/ana"}
GOV_APP = {"SerialNumber": "arn:aws-us-gov:iam::123456789012:mfa/ana"}
VIRTUAL = "is an administrator who may sign in with a virtual MFA device"

CASES = [
    Case(HARDWARE, [admin(), [PASSKEY]], None),
    Case(HARDWARE, [admin(), [TOKEN, PASSKEY]], None),
    Case(HARDWARE, [admin(), [APP]], VIRTUAL),
    Case(HARDWARE, [admin(), [GOV_APP]], VIRTUAL),
    Case(HARDWARE, [admin(), [PASSKEY, APP]], VIRTUAL),
    Case(HARDWARE, [admin(), []], "is an administrator without MFA"),
    Case(HARDWARE, [admin(has_password=False), NOT_ASKED], NotApplicable),
    Case(NO_ADMIN, [standing()], None),
    Case(NO_ADMIN, [standing("AdministratorAccess", unread=("x",))], "is an administrator by AdministratorAccess"),
    Case(
        NO_ADMIN,
        [standing("own", "AdministratorAccess of group staff")],
        "is an administrator by own and AdministratorAccess of group staff",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_user_newer_than_the_report_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(HARDWARE, [admin(has_password=None), NOT_ASKED], None).outcome()


def test_finds_administrators_whatever_makes_them_one(aws: Region) -> None:
    iam, everything = boto3.client("iam"), json.dumps(ALL)
    aws_managed = "arn:aws:iam::aws:policy/AdministratorAccess"
    own = iam.create_policy(PolicyName="own", PolicyDocument=everything)["Policy"]["Arn"]
    harmless = iam.create_policy(PolicyName="harmless", PolicyDocument=json.dumps(SOME))["Policy"]["Arn"]
    for user in ("managed", "own", "inline", "group", "group-inline", "harmless", "nobody"):
        iam.create_user(UserName=user)
    iam.create_login_profile(UserName="managed", Password="not-a-real-Passw0rd")
    iam.attach_user_policy(UserName="managed", PolicyArn=aws_managed)
    iam.attach_user_policy(UserName="own", PolicyArn=own)
    iam.attach_user_policy(UserName="harmless", PolicyArn=harmless)
    iam.put_user_policy(UserName="inline", PolicyName="p", PolicyDocument=everything)
    for group in ("group", "group-inline"):
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=group)
    iam.attach_group_policy(GroupName="group", PolicyArn=aws_managed)
    iam.put_group_policy(GroupName="group-inline", PolicyName="p", PolicyDocument=everything)
    found = {one["name"]: one["has_password"] for one in administrators.stream(aws)}
    assert found == {"managed": True, "own": False, "inline": False, "group": False, "group-inline": False}


def test_reads_every_kind_of_device(aws: Region) -> None:
    iam = boto3.client("iam")
    iam.create_user(UserName="ana")
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    app = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"]["SerialNumber"]
    for serial in (app, TOKEN["SerialNumber"]):
        iam.enable_mfa_device(UserName="ana", SerialNumber=serial, **codes)
    found = mfa_devices.read(aws, {"arn": "", "name": "ana", "has_password": True})
    assert [device["SerialNumber"] for device in found] == [APP["SerialNumber"], "GAHT12345678"]


def test_what_a_policy_nobody_could_read_makes_of_a_user_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(NO_ADMIN, [standing(unread=("odd",))], None).outcome()


def test_takes_off_only_what_helps() -> None:
    plan = iam_users.take_administrator.plan(standing("AdministratorAccess"))
    params = {"UserName": "ana", "PolicyArn": AWS_MANAGED}
    assert [(call.call, call.params) for call in [*plan.do, *plan.undo]] == [
        ("iam:DetachUserPolicy", params),
        ("iam:AttachUserPolicy", params),
    ]
    for of in (standing(), standing("AdministratorAccess of group staff", "own")):
        with pytest.raises(NotApplicable):
            iam_users.take_administrator.plan(of)


def boss(aws: boto3.Session) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="ana", Path="/people/")
    iam.attach_user_policy(UserName="ana", PolicyArn=AWS_MANAGED)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {NO_ADMIN.id: boss}
