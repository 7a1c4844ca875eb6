"""What people call things in EC2: the Name tag that its console shows, and the id."""

from __future__ import annotations

from typing import Any, TypeVar, cast

R = TypeVar("R")


def with_name(resource: R, id: str) -> R:
    """The resource with a key of ours, `known_as`: "shop-web-1 (i-0123)", or the id when it has no Name tag.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
    """
    described: dict[str, Any] = cast("dict[str, Any]", resource)
    name = next((tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == "Name"), "")
    return cast("R", {**described, "known_as": f"{name} ({id})" if name else id})
