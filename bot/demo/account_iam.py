"""Who may do what at Northwind Traders: people, keys, groups, roles and policies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

FIX_ROLE = "aws-sec-fix"


@dataclass(frozen=True)
class Key:
    """An access key: its age and last use in days, None when never used."""

    age: int
    used: int | None = None
    service: str = "s3"
    active: bool = True


@dataclass(frozen=True)
class Person:
    """A user: days since creation, since the password was set and last used (None: no password, or never).

    `mfa`: "app", or the serial number of a hardware token.
    """

    name: str
    team: str
    age: int
    group: str = ""
    password: int | None = None
    seen: int | None = None
    mfa: str = ""
    keys: tuple[Key, ...] = ()


PEOPLE = (
    Person("ana.ribeiro", "data", 1460, "administrators", password=41, seen=0, mfa="GAHT00012345"),
    Person("ben.okafor", "platform", 1320, "administrators", password=63, seen=1, mfa="app", keys=(Key(38, 0, "ec2"),)),
    Person("chiara.conti", "shop", 900, "developers", password=412, seen=2, keys=(Key(412, 1, "dynamodb"),)),
    Person("dan.kowalski", "finance", 1100, "finance", password=700, seen=190, keys=(Key(530, 200), Key(95))),
    Person("erin.walsh", "shop", 1250, "developers", password=980, seen=403, keys=(Key(620, 410, active=False),)),
    Person("break-glass", "platform", 800, "administrators", password=120, mfa="app"),
    Person("deploy-ci", "platform", 731, keys=(Key(731, 0, "ecr"),)),
    Person("backup-script", "platform", 655, keys=(Key(220, 1),)),
    Person("grafana-metrics", "platform", 15, "metrics", keys=(Key(15, 0, "monitoring"),)),
)

ROLES: dict[str, tuple[int, int | None]] = {
    "shop-web": (900, 0),
    "image-resizer": (640, 2),
    "config-recorder": (1300, 0),
    "flow-logs": (1300, 0),
    "cloudtrail-to-logs": (1300, 0),
    "backups": (800, 1),
    "partner-reporting": (700, None),
    "consultant-2022": (1350, 410),
    "cost-analyser": (500, 1),
    "github-deploy": (420, 0),
    "recipe-assistant": (120, 3),
}
"""Days since each role was made and last used; None when never."""

POLICIES = {"launch-workers": 400}
"""Days since these of the account's policies were changed last."""

GROUPS = {
    "administrators": "AdministratorAccess",
    "developers": "PowerUserAccess",
    "finance": "job-function/Billing",
}


def fill_iam(aws: Emulated) -> None:
    iam = aws.client("iam")
    iam.create_account_alias(AccountAlias="northwind-traders")
    # Weak on purpose: short, no symbols, may be reused, never expires.
    iam.update_account_password_policy(MinimumPasswordLength=8, RequireNumbers=True, RequireLowercaseCharacters=True)
    iam.create_group(GroupName="metrics")
    for group, policy in GROUPS.items():
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    for person in PEOPLE:
        _create_person(iam, person)
    _policies(iam)
    _roles(iam)
    # What served the shop before Certificate Manager did. The emulator reads no certificates: it says 2012 of any.
    iam.upload_server_certificate(ServerCertificateName="shop-2012", CertificateBody="none", PrivateKey="none")
    aws.remember(history())


def history(now: datetime | None = None) -> dict[str, Any]:
    """How old everything is, which only the emulator itself can be told. Ages count back from `now`."""
    now = now or datetime.now(UTC)

    def ago(days: int) -> str:
        return (now - timedelta(days=days, hours=3)).strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def key(key: Key) -> dict[str, str]:
        used = (
            {"last_used": ago(key.used), "service": key.service, "region": "eu-west-1"} if key.used is not None else {}
        )
        return {"created": ago(key.age), **used}

    def person(person: Person) -> dict[str, Any]:
        past: dict[str, Any] = {"created": ago(person.age), "keys": [key(one) for one in person.keys]}
        if person.password is not None:
            past["password_changed"] = ago(person.password)
        if person.seen is not None:
            past["password_last_used"] = ago(person.seen)
        return past

    def role(age: int, used: int | None) -> dict[str, str]:
        last = {"last_used": ago(used), "region": "eu-west-1"} if used is not None else {}
        return {"created": ago(age), **last}

    # Root has no keys, as it should; but no MFA either, and somebody signed in as root last week.
    slots = ("access_key_1", "access_key_2", "cert_1", "cert_2")
    root = {f"{slot}_active": "false" for slot in slots} | {f"{slot}_last_rotated": "N/A" for slot in slots}
    root |= {f"{slot}_last_used_{what}": "N/A" for slot in slots[:2] for what in ("date", "region", "service")}
    root |= {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "user_creation_time": ago(1500),
        "password_enabled": "not_supported",
        "password_last_used": ago(6),
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": "false",
    }
    past = {
        "users": {one.name: person(one) for one in PEOPLE},
        "roles": {name: role(*days) for name, days in ROLES.items()},
        "policies": {name: ago(age) for name, age in POLICIES.items()},
    }
    return {"account": ACCOUNT, "root": root, **past}


def _create_person(iam: Any, person: Person) -> None:
    iam.create_user(UserName=person.name, Tags=pairs(tags(person.team)))
    if person.group:
        iam.add_user_to_group(GroupName=person.group, UserName=person.name)
    if person.password is not None:
        iam.create_login_profile(UserName=person.name, Password="not-a-real-Passw0rd", PasswordResetRequired=False)
    if person.mfa:
        serial = person.mfa
        if serial == "app":
            device = iam.create_virtual_mfa_device(VirtualMFADeviceName=person.name)["VirtualMFADevice"]
            serial = device["SerialNumber"]
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=person.name, SerialNumber=serial, **codes)
    for key in person.keys:
        made = iam.create_access_key(UserName=person.name)["AccessKey"]
        if not key.active:
            iam.update_access_key(UserName=person.name, AccessKeyId=made["AccessKeyId"], Status="Inactive")


def _policies(iam: Any) -> None:
    def create(name: str, *statements: dict[str, Any], team: str = "platform") -> str:
        created = iam.create_policy(PolicyName=name, PolicyDocument=document(*statements), Tags=pairs(tags(team)))
        return str(created["Policy"]["Arn"])

    everything = create("deploy-everything", allow("*", "*"))
    iam.attach_user_policy(UserName="deploy-ci", PolicyArn=everything)
    # With these two actions any role's rights can be had: a privilege escalation path.
    launch = create("launch-workers", allow(["ec2:RunInstances", "iam:PassRole"], "*"))
    iam.attach_user_policy(UserName="chiara.conti", PolicyArn=launch)
    backups = create("backup-bucket-write", allow(["s3:PutObject"], "arn:aws:s3:::northwind-traders-backups/*"))
    iam.attach_user_policy(UserName="backup-script", PolicyArn=backups)
    metrics = create("metrics-read", allow(["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], "*"))
    iam.attach_group_policy(GroupName="metrics", PolicyArn=metrics)
    create("erp-migration", allow(["rds:*", "dms:*"], "*"), team="finance")  # attached to nobody
    for user, name, statement in (
        ("erin.walsh", "temporary-s3-access", allow("s3:*", "*")),
        ("dan.kowalski", "invoices", allow(["s3:GetObject"], "arn:aws:s3:::northwind-traders-invoices/*")),
    ):
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=document(statement))
    iam.put_group_policy(
        GroupName="finance", PolicyName="cost-explorer", PolicyDocument=document(allow(["ce:Get*", "ce:List*"], "*"))
    )


def _roles(iam: Any) -> None:
    def create(name: str, trust: dict[str, Any], *attached: str, team: str = "platform") -> None:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), Tags=pairs(tags(team)))
        for policy in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")

    create("shop-web", trust({"Service": "ec2.amazonaws.com"}), "AmazonSSMManagedInstanceCore", team="shop")
    iam.create_instance_profile(InstanceProfileName="shop-web")
    iam.add_role_to_instance_profile(InstanceProfileName="shop-web", RoleName="shop-web")
    create("image-resizer", trust({"Service": "lambda.amazonaws.com"}), "AdministratorAccess", team="shop")
    own_account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    create("config-recorder", trust({"Service": "config.amazonaws.com"}, own_account), "service-role/AWS_ConfigRole")
    create("flow-logs", trust({"Service": "vpc-flow-logs.amazonaws.com"}))
    create("cloudtrail-to-logs", trust({"Service": "cloudtrail.amazonaws.com"}))
    create("auditor", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), "SecurityAudit")
    create("backups", trust({"Service": "backup.amazonaws.com"}), "service-role/AWSBackupServiceRolePolicyForBackup")
    create("partner-reporting", trust({"AWS": "*"}), "AmazonS3ReadOnlyAccess", team="data")  # anyone may assume it
    create("consultant-2022", trust({"AWS": "arn:aws:iam::210987654321:root"}), "PowerUserAccess")  # no external id
    # An administrator, though no list of managed policies tells.
    iam.put_role_policy(RoleName="consultant-2022", PolicyName="temporary", PolicyDocument=document(allow("*", "*")))
    vendor = trust({"AWS": "arn:aws:iam::345678901234:root"}, {"StringEquals": {"sts:ExternalId": "nw-7f3a"}})
    create("cost-analyser", vendor, "job-function/ViewOnlyAccess", team="finance")
    create("recipe-assistant", trust({"Service": "lambda.amazonaws.com"}), "AmazonBedrockFullAccess", team="shop")
    _github_role(iam, create)
    # The role the bot changes things with: only this account may assume it.
    create(FIX_ROLE, trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), "AdministratorAccess")


def _github_role(iam: Any, create: Any) -> None:
    host = "token.actions.githubusercontent.com"
    arn = iam.create_open_id_connect_provider(
        Url=f"https://{host}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["6" * 40]
    )
    any_repository = {"StringLike": {f"{host}:sub": "repo:*"}}  # too wide: any repository on GitHub
    federated = trust({"Federated": arn["OpenIDConnectProviderArn"]}, any_repository)
    create("github-deploy", federated | {"Action": "sts:AssumeRoleWithWebIdentity"}, "PowerUserAccess")


def allow(action: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(principal: dict[str, str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return statement | ({"Condition": condition} if condition else {})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
