"""What the write role must never do, and how what fixes need of IAM is held to just that.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bot.write_resources import ALSO

NEVER = (
    "account:*ContactInformation",
    "account:*PhoneNumber*",
    "account:*PrimaryEmail*",
    "account:*Region",
    "account:CloseAccount",
    "account:PutAccountName",
    "account:ReopenAccount",
    "iam:*DelegationRequest",
    "iam:*OrganizationsRoot*",
    "iam:*ServiceSpecificCredential",
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:AddRoleToInstanceProfile",
    "iam:AddUserToGroup",
    "iam:CreateAccessKey",
    "iam:CreateInstanceProfile",
    "iam:CreateLoginProfile",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicy*",
    "iam:CreateSAMLProvider",
    "iam:CreateUser",
    "iam:CreateVirtualMFADevice",
    "iam:DeactivateMFADevice",
    "iam:Delete*PermissionsBoundary",
    "iam:EnableMFADevice",
    "iam:PutGroupPolicy",
    "iam:PutRole*",
    "iam:PutUser*",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateLoginProfile",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateSAMLProvider",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
    "organizations:*",
    "sts:Assume*",
    "sts:GetFederationToken",
)
"""Actions by which whoever holds them gets more than was granted, or somebody else in. No fix may need one."""

ATTACHABLE = (
    "AWSCloudShellFullAccess",
    "AWSSupportAccess",
    "AdministratorAccess",  # undo: a user or a role that lost it gets it back
    "AmazonBedrockFullAccess",
    "SecurityAudit",
)
"""Policies of AWS that fixes attach, or attach again when they are undone."""

NEW_ROLES = ("security-audit", "support-access")
"""Roles that fixes make."""

OWN_ROLES = "arn:*:iam::*:role/aws-sec-*"
"""The bot's own roles, as docs/permissions.md names them."""

Statement = Mapping[str, Any]


def _held(*actions: str, resource: str | Sequence[str] = "*", condition: Statement | None = None) -> Statement:
    rule = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": [*actions], "Resource": resource, **rule}


GIVES_ACCESS = (
    _held(
        *("account:DeleteAlternateContact", "account:PutAlternateContact"),  # a thief would turn AWS's warnings away
        resource="arn:*:account::*:account",
        condition={"ForAnyValue:StringEquals": {"account:AlternateContactTypes": "SECURITY"}},
    ),
    _held(
        *("iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy"),
        condition={"ArnLike": {"iam:PolicyARN": [f"arn:*:iam::aws:policy/{name}" for name in ATTACHABLE]}},
    ),
    _held("iam:CreateRole", "iam:DeleteRole", resource=[f"arn:*:iam::*:role/{name}" for name in NEW_ROLES]),
    _held(
        "iam:PassRole",
        condition={
            "StringEquals": {"iam:PassedToService": ["cloudtrail.amazonaws.com", "vpc-flow-logs.amazonaws.com"]}
        },
    ),
    _held("iam:UpdateAssumeRolePolicy"),
    _held("lambda:InvokeFunction"),
)
"""What fixes need and a thief would like, each held to what fixes do with it: the last part of the write role's policy.

Without it those fixes, or their undo, are refused by AWS, and all others work.
"""

HELD = (
    _held("ec2:CreateTags", condition={"StringEquals": {"ec2:CreateAction": "AuthorizeSecurityGroupIngress"}}),
    _held(
        "iam:CreateServiceLinkedRole",
        resource=sorted(
            grant.resource.replace("iam::{account}", "arn:*:iam::*")
            for grant in {grant for grants in ALSO.values() for grant in grants}
            if grant.action == "iam:CreateServiceLinkedRole"
        ),
    ),
)
"""What AWS asks for besides fixes' own calls, held to that need."""

DENIALS: Sequence[Statement] = (
    {"Effect": "Deny", "Action": [*NEVER], "Resource": "*"},
    {"Effect": "Deny", "Action": "iam:*", "Resource": OWN_ROLES},
    {"Effect": "Deny", "Action": "account:*", "Resource": "arn:*:account::*:account/*"},  # of the organization
    {
        "Effect": "Deny",
        "Action": "account:*AlternateContact",
        "Resource": "arn:*:account::*:account",
        "Condition": {"ForAnyValue:StringNotEquals": {"account:AlternateContactTypes": "SECURITY"}},
    },
)
"""What the write role is refused, whatever else is attached to it."""


def actions(statements: Iterable[Statement]) -> set[str]:
    """All actions that are named."""
    return {action for statement in statements for action in statement["Action"]}


def never(action: str) -> bool:
    """Whether no fix may need it."""
    return any(fnmatchcase(action, pattern) for pattern in NEVER)
