"""What IAM holds, each kind read once per scan: users, groups, roles and the account's own policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checks.kit import Collector, Scope, collect

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy
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

ADMINISTRATOR_ACCESS = ":iam::aws:policy/AdministratorAccess"
"""How the ARN of AWS's policy for administrators ends, whatever the partition."""


def default_document(policy: Policy) -> Any:
    """The version of a managed policy that is in force."""
    return next(version["Document"] for version in policy["PolicyVersionList"] if version["IsDefaultVersion"])
