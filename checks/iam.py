"""What IAM holds, each kind read once per scan: users, groups, roles and the account's own policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checks.documents import allows_everything
from checks.kit import Aws, Collector, Scope, collect, collector

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import AttachedPolicyTypeDef as Attached
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy
    from types_boto3_iam.type_defs import PolicyDetailTypeDef as Inline
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role
    from types_boto3_iam.type_defs import UserDetailTypeDef as User

CALL = "iam:GetAccountAuthorizationDetails"

users: Collector[User] = collect(
    CALL, "UserDetailList", arn="{Arn}", name="{UserName}", scope=Scope.ACCOUNT, Filter=["User"]
)
groups: Collector[Group] = collect(
    CALL, "GroupDetailList", arn="{Arn}", name="{GroupName}", scope=Scope.ACCOUNT, Filter=["Group"]
)
roles: Collector[Role] = collect(
    CALL, "RoleDetailList", arn="{Arn}", name="{RoleName}", scope=Scope.ACCOUNT, Filter=["Role"]
)
policies: Collector[Policy] = collect(CALL, "Policies", arn="{Arn}", scope=Scope.ACCOUNT, Filter=["LocalManagedPolicy"])
"""Customer-managed policies with their versions; AWS's own are not among them."""
aws_policies: Collector[Policy] = collect(
    CALL, "Policies", arn="{Arn}", scope=Scope.ACCOUNT, Filter=["AWSManagedPolicy"]
)
"""AWS's own policies, of which AWS lists those in use."""

OF_AWS = (":role/aws-service-role/", ":role/aws-reserved/")
"""What the ARN of a role has in it that AWS made and only AWS may change.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
OF_CONTROL_TOWER = ("AWSControlTower", "aws-controltower-", "stacksets-exec-")
"""How the names of roles begin that Control Tower keeps everybody else from changing.
Source: https://docs.aws.amazon.com/controltower/latest/controlreference/mandatory-controls.html"""
ADMINISTRATOR_ACCESS = ":iam::aws:policy/AdministratorAccess"
"""How the ARN of AWS's policy for administrators ends, whatever the partition."""


def is_bounded(of: Any, full: set[str]) -> bool:
    """Whether a permissions boundary keeps a user or role from everything; `full`: see `grants_all`."""
    arn = limit(of)
    return bool(arn) and arn not in full and not arn.endswith(ADMINISTRATOR_ACCESS)


def limit(of: Any) -> str:
    """The ARN of the permissions boundary of a user or role; empty without one."""
    return str(of.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


def default_document(policy: Policy) -> Any:
    """The version of a managed policy that is in force."""
    return next(version["Document"] for version in policy["PolicyVersionList"] if version["IsDefaultVersion"])


@collector(arn="{Arn}", scope=Scope.ACCOUNT, needs=(policies,))
def full_policies(aws: Aws) -> Iterator[Policy]:
    """The account's own policies that allow everything."""
    yield from (policy for policy in aws.read(policies) if allows_everything(default_document(policy)))


def grants_all(attached: Sequence[Attached], inline: Sequence[Inline], full: set[str]) -> bool:
    """Whether any of these policies allows everything; `full`: the ARNs of the account's own that do."""
    arns = (policy["PolicyArn"] for policy in attached)
    return any(arn in full or arn.endswith(ADMINISTRATOR_ACCESS) for arn in arns) or any(
        allows_everything(policy["PolicyDocument"]) for policy in inline
    )
