"""The tags of the account itself: of the settings, or of AWS Organizations, which tells few accounts."""

from __future__ import annotations

from bot import aws
from bot.aws_errors import CallError
from bot.fixing import Tags
from bot.settings import Settings

ACCOUNT_TAG_CALL = "organizations:ListTagsForResource"
"""Answers the management account and delegated administrators only.
Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html"""
IN_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"


def account_tags(settings: Settings, home: aws.Region) -> Tags | None:
    """Keys and values; None when neither the settings nor Organizations say.

    What the settings state is not asked for: where AWS would refuse, each fix would leave a refusal in CloudTrail.
    """
    stated = settings.account_tags.get(home.account)
    if stated is not None:
        return [*stated.items()]
    try:
        found = home.items(ACCOUNT_TAG_CALL, "Tags", ResourceId=home.account)
        return [(tag["Key"], tag["Value"]) for tag in found]
    except CallError as error:
        return [] if error.code == IN_NO_ORGANIZATION else None
