"""API calls -> IAM actions -> the policies the bot needs, worked out from what checks and fixes declare."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from botocore.loaders import Loader

ACTIONS = {
    "accessanalyzer:ListFindingsV2": "access-analyzer:ListFindings",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "resourcegroupstaggingapi:GetResources": "tag:GetResources",
    "apigateway:GetRestApis": "apigateway:GET",
    "apigateway:GetStages": "apigateway:GET",
    "apigatewayv2:GetApis": "apigateway:GET",
    "apigatewayv2:GetStages": "apigateway:GET",
    "apigateway:GetResources": "apigateway:GET",
    "apigateway:GetDomainNames": "apigateway:GET",
    "apigateway:GetAccount": "apigateway:GET",
    "apigateway:UpdateStage": "apigateway:PATCH",
    "apigatewayv2:GetRoutes": "apigateway:GET",
    "apigatewayv2:GetIntegrations": "apigateway:GET",
}
"""Where the action is not named after the call.
Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html"""

PREFIXES = {"monitoring": "cloudwatch"}

TAGS_TOO = frozenset({"ec2:AuthorizeSecurityGroupIngress"})
"""Calls of fixes that give what they make its tags: AWS asks for ec2:CreateTags as well.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"""


def action(call: str) -> str:
    """The IAM action that allows an API call ("ec2:DescribeVolumes" -> the same, mostly)."""
    if call in ACTIONS:
        return ACTIONS[call]
    service, operation = call.split(":")
    signs_as = _signing_name(service)
    return f"{PREFIXES.get(signs_as, signs_as)}:{operation}"


@cache
def _signing_name(service: str) -> str:
    metadata = Loader().load_service_model(service, "service-2")["metadata"]
    return str(metadata.get("signingName") or metadata["endpointPrefix"])


def policy(calls: Iterable[str]) -> dict[str, Any]:
    """An IAM policy that allows exactly these calls, on any resource."""
    actions = sorted({action(call) for call in calls})
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    if tagging := [name.partition(":")[2] for name in actions if name in TAGS_TOO]:
        only_what_is_made = {"StringEquals": {"ec2:CreateAction": tagging}}
        statements.append(
            {"Effect": "Allow", "Action": ["ec2:CreateTags"], "Resource": "*", "Condition": only_what_is_made}
        )
    return {"Version": "2012-10-17", "Statement": statements}
