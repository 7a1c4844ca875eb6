"""People and roles: they sign in with hardware through an identity provider, and nobody holds a long-lived key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.aws import ACCOUNT, REGIONS
from tests.accounts.filling import Filled

ROOT_MFA = "GAHT10000001"
AUDITOR_MFA = "GAHT10000002"
SERVICES = {
    "flow-logs": "vpc-flow-logs.amazonaws.com",
    "cloudtrail-to-logs": "cloudtrail.amazonaws.com",
    "backups": "backup.amazonaws.com",
    "rds-monitoring": "monitoring.rds.amazonaws.com",
}


def fill_people(aws: Filled) -> None:
    iam = aws.client("iam")
    iam.create_account_alias(AccountAlias="northwind-hardened")
    iam.update_account_password_policy(
        MinimumPasswordLength=16,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        AllowUsersToChangePassword=True,
        MaxPasswordAge=90,
        PasswordReusePrevention=24,
    )
    iam.create_group(GroupName="auditors")
    iam.attach_group_policy(GroupName="auditors", PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
    iam.create_user(UserName="auditor")
    iam.add_user_to_group(GroupName="auditors", UserName="auditor")
    iam.create_login_profile(UserName="auditor", Password="not-a-real-Passw0rd", PasswordResetRequired=False)
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="auditor", SerialNumber=AUDITOR_MFA, **codes)
    _roles(iam)
    # The last step of a rotation, and of giving up keys for a role: made not long ago, turned off since.
    key = iam.create_access_key(UserName="auditor")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="auditor", AccessKeyId=key, Status="Inactive")
    aws.remember(history())
    _certificate(aws)
    _organization(aws)
    for type, name in (("SECURITY", "Security"), ("OPERATIONS", "Operations"), ("BILLING", "Billing")):
        aws.client("account").put_alternate_contact(
            AlternateContactType=type,
            Name=name,
            Title=name,
            EmailAddress=f"{name.lower()}@northwind.example",
            PhoneNumber="+44 20 7946 0100",
        )


def _roles(iam: Any) -> None:
    ours = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    for name, service in SERVICES.items():
        _role(iam, name, {"Service": service}, ours)
    _role(iam, "shop-web", {"Service": "ec2.amazonaws.com"})
    iam.attach_role_policy(RoleName="shop-web", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    iam.create_instance_profile(InstanceProfileName="shop-web")
    iam.add_role_to_instance_profile(InstanceProfileName="shop-web", RoleName="shop-web")
    reads = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::hardened-invoices/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    arn = iam.create_policy(PolicyName="read-invoices", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="shop-web", PolicyArn=arn)
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    for name, policy in (("support", "AWSSupportAccess"), ("audit", "SecurityAudit")):
        _role(iam, name, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, with_mfa)
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")


def _role(iam: Any, name: str, principal: dict[str, str], condition: dict[str, Any] | None = None) -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    statement |= {"Condition": condition} if condition else {}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)


def _certificate(aws: Filled) -> None:
    """The emulator reads no certificates: it says 2012 of any."""
    ends = datetime.now(UTC) + timedelta(days=200)
    which = {
        "Path": "/",
        "ServerCertificateName": "partners",
        "ServerCertificateId": "ASCA00000000000000001",
        "Arn": f"arn:aws:iam::{ACCOUNT}:server-certificate/partners",
        "UploadDate": (ends - timedelta(days=300)).isoformat(),
        "Expiration": ends.isoformat(),
    }
    aws.answer("iam:ListServerCertificates", {"ServerCertificateMetadataList": [which], "IsTruncated": False})


def _organization(aws: Filled) -> None:
    """A member account: the emulator makes whoever creates an organization its management account."""
    manager = "999999999999"
    organization = {
        "Id": "o-nw1nd7rade",
        "Arn": f"arn:aws:organizations::{manager}:organization/o-nw1nd7rade",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{manager}:account/o-nw1nd7rade/{manager}",
        "MasterAccountId": manager,
        "MasterAccountEmail": "aws@northwind.example",
    }
    aws.answer("organizations:DescribeOrganization", {"Organization": organization})
    ok = {
        "checkId": "HCP4007jGY",
        "timestamp": datetime.now(UTC).isoformat(),
        "status": "ok",
        "hasFlaggedResources": False,
        "resourcesSummary": dict.fromkeys(
            ("resourcesProcessed", "resourcesFlagged", "resourcesIgnored", "resourcesSuppressed"), 0
        ),
        "categorySpecificSummary": {},
    }
    aws.answer("support:DescribeTrustedAdvisorCheckSummaries", {"summaries": [ok]})


def history() -> dict[str, Any]:
    """What only the emulator itself can be told: root has hardware MFA, no keys, and was not used for a year."""
    now = datetime.now(UTC)

    def ago(days: int) -> str:
        return (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+00:00")

    slots = ("access_key_1", "access_key_2", "cert_1", "cert_2")
    root = {f"{slot}_active": "false" for slot in slots} | {f"{slot}_last_rotated": "N/A" for slot in slots}
    root |= {f"{slot}_last_used_{what}": "N/A" for slot in slots[:2] for what in ("date", "region", "service")}
    root |= {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "user_creation_time": ago(900),
        "password_enabled": "not_supported",
        "password_last_used": ago(400),
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": "true",
    }
    auditor = {
        "created": ago(30),
        "password_changed": ago(20),
        "password_last_used": ago(1),
        "keys": [{"created": ago(20)}],
    }
    roles = {
        name: {"created": ago(100), "last_used": ago(1), "region": REGIONS[0]}
        for name in (*SERVICES, "shop-web", "support", "audit")
    }
    return {"account": ACCOUNT, "root": root, "users": {"auditor": auditor}, "roles": roles}
