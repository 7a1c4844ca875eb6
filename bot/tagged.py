"""Which resources have a tag, as AWS's tagging API tells."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.aws import Region
from bot.aws_errors import CallError
from bot.owners import CALL
from bot.store import Store

log = logging.getLogger(__name__)


def tagged(home: Region, regions: Iterable[str], tag: str) -> set[str]:
    """The ARNs of all that has a tag, `key` or `key=value`. Raises CallError.

    Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    key, equals, value = tag.partition("=")
    wanted: dict[str, Any] = {"Key": key, "Values": [value]} if equals else {"Key": key}
    found: set[str] = set()
    for region in dict.fromkeys([home.region, *regions]):
        for resource in home.at(region).items(CALL, "ResourceTagMappingList", TagFilters=[wanted]):
            found.add(resource["ResourceARN"])
    return found


def follow_tags(store: Store, home: Region, regions: Iterable[str], now: datetime) -> None:
    """What the tags of mutes hide, read anew; of one that cannot be read, what was known stays."""
    for tag in store.mutes.tags(home.account, now):
        try:
            store.mutes.set_tagged(home.account, tag, tagged(home, regions, tag))
        except CallError as error:
            log.warning("what has the tag of a mute could not be read: %s", error)
