"""Reading the event selectors of a trail: which events it records, and which it leaves out.

Both kinds: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from checks.kit import NotApplicable

Selectors: TypeAlias = Mapping[str, Any]
"""What GetEventSelectors answers: basic selectors or advanced ones, never both."""

ALL_OBJECTS = re.compile(r"arn:[\w-]+:s3(:::)?")
"""How a trail names the objects of all buckets that are and will be.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html"""
ALL_FUNCTIONS = re.compile(r"arn:[\w-]+:lambda")
"""The same for Lambda functions of all regions."""
READS_OR_WRITES = {"All": {"true", "false"}, "ReadOnly": {"true"}, "WriteOnly": {"false"}}
"""ReadWriteType of a basic selector, in the words of `readOnly` in an advanced one."""
BOTH = {"true", "false"}
ADVANCED_MANAGEMENT = [{"Field": "eventCategory", "Equals": ["Management"]}]


def management_events(selectors: Selectors) -> set[str]:
    """The values of readOnly of which no event is left out, perhaps by two selectors together.

    Source: https://docs.aws.amazon.com/config/latest/developerguide/multi-region-cloudtrail-enabled.html
    """
    logged: set[str] = set()
    for basic in selectors.get("EventSelectors", []):
        if basic.get("IncludeManagementEvents") and not basic.get("ExcludeManagementEventSources"):
            logged |= READS_OR_WRITES[basic["ReadWriteType"]]
    for asked in _advanced(selectors):
        if asked.pop("eventCategory", None) == ["Management"] and set(asked) <= {"readOnly"}:
            logged |= set(asked.get("readOnly") or BOTH)
    return logged


def left_out(selectors: Selectors) -> str | None:
    """Which management events a trail leaves out, in words; None when it records them all.

    Empty when it is not there for management events at all.
    """
    if management_events(selectors) == BOTH:
        return None
    if not records_management(selectors):
        return ""
    sources = sorted(set(_left_out_sources(selectors)))
    if sources:
        return f"the management events of {', '.join(sources)}"
    match sorted(management_events(selectors)):
        case ["true"]:
            return "management events that write"
        case ["false"]:
            return "management events that read"
        case _:
            return "some management events"


def records_management(selectors: Selectors) -> bool:
    """Whether management events are among what a trail is there for."""
    return any(basic.get("IncludeManagementEvents") for basic in selectors.get("EventSelectors", [])) or any(
        asked.get("eventCategory") == ["Management"] for asked in _advanced(selectors)
    )


def with_all_management(selectors: Selectors) -> dict[str, Any]:
    """The selectors of which none leaves management events out; what is recorded besides stays as it is.

    Under the key that PutEventSelectors takes them by.
    """
    if selectors.get("AdvancedEventSelectors"):
        others = [
            one for one in selectors["AdvancedEventSelectors"] if ADVANCED_MANAGEMENT[0] not in one["FieldSelectors"]
        ]
        return {
            "AdvancedEventSelectors": [{"Name": "Management events", "FieldSelectors": ADVANCED_MANAGEMENT}, *others]
        }
    data = [
        {**basic, "IncludeManagementEvents": False, "ExcludeManagementEventSources": []}
        for basic in selectors.get("EventSelectors", [])
        if basic.get("DataResources")
    ]
    nothing: dict[str, list[str]] = {"DataResources": [], "ExcludeManagementEventSources": []}
    return {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True} | nothing, *data]}


class Kind(NamedTuple):
    """A kind of data events: of which resources, the service that begins their ARNs, and what people call those."""

    type: str
    service: str
    words: str


MOST_BASIC = 5
"""Basic selectors that a trail may have.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"""


def with_data_events(selectors: Selectors, kind: Kind, read_only: str, partition: str) -> dict[str, Any]:
    """The selectors and one more, for the data events of all resources of a kind: reads ("true"), writes, or both ("").

    Raises NotApplicable when there is no room for one more.
    """
    if advanced := selectors.get("AdvancedEventSelectors"):
        asked = {"eventCategory": "Data", "resources.type": kind.type} | ({"readOnly": read_only} if read_only else {})
        fields = [{"Field": field, "Equals": [value]} for field, value in asked.items()]
        return {"AdvancedEventSelectors": [*advanced, {"Name": f"All {kind.words}", "FieldSelectors": fields}]}
    basic = selectors.get("EventSelectors", [])
    if len(basic) == MOST_BASIC:
        raise NotApplicable(f"its trail has {MOST_BASIC} event selectors, and may have no more")
    more = {
        "ReadWriteType": {"true": "ReadOnly", "false": "WriteOnly"}.get(read_only, "All"),
        "IncludeManagementEvents": False,
        "DataResources": [{"Type": kind.type, "Values": [f"arn:{partition}:{kind.service}"]}],
        "ExcludeManagementEventSources": [],
    }
    return {"EventSelectors": [*basic, more]}


def object_events(selectors: Selectors) -> set[str]:
    """The values of readOnly for which the events of all S3 objects are recorded."""
    return _data_events(selectors, "AWS::S3::Object", ALL_OBJECTS)


def function_events(selectors: Selectors) -> set[str]:
    """The values of readOnly for which the events of all Lambda functions are recorded: an invocation is no read."""
    return _data_events(selectors, "AWS::Lambda::Function", ALL_FUNCTIONS)


def _data_events(selectors: Selectors, kind: str, all_of_them: re.Pattern[str]) -> set[str]:
    logged: set[str] = set()
    for basic in selectors.get("EventSelectors", []):
        named = [arn for one in basic.get("DataResources", []) if one["Type"] == kind for arn in one["Values"]]
        if any(all_of_them.fullmatch(arn) for arn in named):
            logged |= READS_OR_WRITES[basic["ReadWriteType"]]
    for advanced in selectors.get("AdvancedEventSelectors", []):
        fields = advanced["FieldSelectors"]
        asked = {one["Field"]: one.get("Equals") for one in fields if not _any_of_them(one, all_of_them)}
        data = asked.pop("eventCategory", None) == ["Data"] and asked.pop("resources.type", None) == [kind]
        if data and set(asked) <= {"readOnly"}:
            logged |= set(asked.get("readOnly") or BOTH)
    return logged


def _advanced(selectors: Selectors) -> Iterator[dict[str, Any]]:
    for advanced in selectors.get("AdvancedEventSelectors", []):
        yield {one["Field"]: one.get("Equals") for one in advanced["FieldSelectors"]}


def _left_out_sources(selectors: Selectors) -> Iterator[str]:
    for basic in selectors.get("EventSelectors", []):
        if basic.get("IncludeManagementEvents"):
            yield from basic.get("ExcludeManagementEventSources", [])
    for advanced in selectors.get("AdvancedEventSelectors", []):
        fields = advanced["FieldSelectors"]
        if ADVANCED_MANAGEMENT[0] in fields:
            yield from (s for one in fields if one["Field"] == "eventSource" for s in one.get("NotEquals", []))


def _any_of_them(field: Mapping[str, Any], all_of_them: re.Pattern[str]) -> bool:
    """Whether a selector's field asks for what the ARN of each of them begins with."""
    return field["Field"] == "resources.ARN" and any(map(all_of_them.fullmatch, field.get("StartsWith", [])))
