"""Who owns which resource, as tags say."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from bot.aws import Region
from bot.aws_errors import CallError

log = logging.getLogger(__name__)

CALL = "resourcegroupstaggingapi:GetResources"
"""https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""


def owners(home: Region, regions: Iterable[str], keys: Sequence[str]) -> dict[str, str]:
    """ARN -> owner, for every resource that has one of the tags; the first of `keys` counts most.

    What cannot be read is left out and logged: nobody's verdict depends on it.
    """
    found: dict[str, str] = {}
    for key in reversed(keys):
        for region in regions:
            try:
                for resource in home.at(region).items(CALL, "ResourceTagMappingList", TagFilters=[{"Key": key}]):
                    found[resource["ResourceARN"]] = next(t["Value"] for t in resource["Tags"] if t["Key"] == key)
            except CallError as error:
                log.warning("owners could not be read: %s", error)
    return found
