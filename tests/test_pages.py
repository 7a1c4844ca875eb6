"""Lists are read to their end, whether or not botocore has a paginator for them."""

from __future__ import annotations

from botocore.stub import Stubber

from bot.aws import Region

BUS = {"Name": "orders", "Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/orders"}
NEXT = BUS | {"Name": "parcels"}


def test_a_list_with_tokens_and_without_a_paginator_is_read_to_its_end(aws: Region) -> None:
    client = aws.clients.get("events", aws.region)
    assert not client.can_paginate("list_event_buses")
    with Stubber(client) as stub:
        stub.add_response("list_event_buses", {"EventBuses": [BUS], "NextToken": "more"}, {"Limit": 1})
        stub.add_response("list_event_buses", {"EventBuses": [NEXT]}, {"Limit": 1, "NextToken": "more"})
        assert list(aws.items("events:ListEventBuses", "EventBuses", Limit=1)) == [BUS, NEXT]
