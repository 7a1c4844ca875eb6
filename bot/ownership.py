"""Which infrastructure as code owns a resource: its tags tell, or else CloudFormation does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.aws import Region
from bot.aws_errors import CallError
from bot.fixing import Tags
from bot.settings import ToolName
from checks import Guide
from checks.kit import ACCOUNT_ARN

STACK_CALL = "cloudformation:DescribeStackResources"
DIRECTLY = "directly"
"""What one types to have a resource changed that code owns."""

STACK, STACK_NAME = "aws:cloudformation:", "aws:cloudformation:stack-name"
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html"""
OF_CDK = ("aws:cdk:", "aws-cdk")
"""What keys begin with that the CDK's constructs put beside those of CloudFormation.
Source: https://docs.aws.amazon.com/cdk/v2/guide/tagging.html"""
MARKS = ("managed-by", "managedby", "managed_by", "managed by", "provisioner", "iac")
TOOLS: Mapping[str, ToolName] = {
    "cloudformation": "CloudFormation",
    "cdk": "CDK",
    "terraform": "Terraform",
    "opentofu": "OpenTofu",
    "pulumi": "Pulumi",
}
"""What people write into such a tag, or take for a key, in small letters."""
NO = ("false", "no", "0", "none")
READ_AS: Mapping[ToolName, str] = {"CDK": "CloudFormation", "OpenTofu": "Terraform", "Pulumi": "Terraform"}
"""Whose text a guide has, for tools that take the same properties under names of their own."""


@dataclass(frozen=True)
class Owner:
    """A tool, and the name of its stack where that is known."""

    tool: ToolName
    stack: str = ""

    def __str__(self) -> str:
        return f"{self.tool} stack {self.stack}" if self.stack else self.tool

    @property
    def note(self) -> str:
        """What whoever decides must read."""
        return (
            f"⚠️ {self} manages this resource, and who asks wants it changed directly all the same:"
            " the code's next deployment may undo it."
        )

    def snippet(self, guide: Guide) -> tuple[str, str]:
        """What to change in the code: the language's name and the text; "" where the guide has none."""
        language = READ_AS.get(self.tool, str(self.tool))
        return language, guide.code.get(language, "")


def means_directly(typed: str) -> bool:
    """Whether a person said so in so many words."""
    return typed.strip().casefold() == DIRECTLY


def owner(tags: Tags | None, rules: Mapping[str, ToolName]) -> Owner | None:
    """The owner that tags name. `rules`: `key` or `key=value` -> tool, from the settings, which come first."""
    known = dict(tags or ())  # its own count for more than its parent's
    for rule, tool in rules.items():
        key, equals, value = rule.partition("=")
        if key in known and (not equals or known[key] == value):
            return Owner(tool)
    by_cdk = any(key.startswith(OF_CDK) for key in known)
    if by_cdk or any(key.startswith(STACK) for key in known):
        return Owner("CDK" if by_cdk else "CloudFormation", known.get(STACK_NAME, ""))
    marks = {key.lower(): value.lower() for key, value in known.items()}
    named = [TOOLS[marks[key]] for key in MARKS if marks.get(key) in TOOLS]
    named += [tool for word, tool in TOOLS.items() if word in marks and marks[word] not in NO]
    named += ["Pulumi"] if "pulumi:project" in marks else []
    return Owner(named[0]) if named else None


def stack_of(home: Region, region: str, arn: str) -> Owner | None:
    """The CloudFormation stack of a resource that carries no tags; None also where that cannot be read.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
    """
    if arn == ACCOUNT_ARN.format(partition=home.partition, account=home.account):
        return None
    for id in _physical_ids(arn):
        try:
            found = home.at(region).call(STACK_CALL, PhysicalResourceId=id).get("StackResources", [])
        except CallError:  # it is in no stack, or we may not ask
            continue
        if found:
            mine = [one for one in found if one.get("PhysicalResourceId") == id] or found  # it tells the first 100 only
            alive = [one["StackName"] for one in mine if not one["ResourceStatus"].startswith("DELETE")]
            return Owner("CloudFormation", alive[0]) if alive else None
    return None


def _physical_ids(arn: str) -> Iterator[str]:
    """What CloudFormation may call a resource: mostly its name or id, for some services its ARN."""
    yield arn.rpartition(":")[2].rpartition("/")[2]
    yield arn
