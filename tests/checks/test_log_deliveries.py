"""What CloudWatch Logs delivers: whose access logs, and what is none."""

from __future__ import annotations

from botocore.stub import Stubber

from bot.aws import Region
from checks import log_deliveries


def test_only_access_logs_of_active_sources_with_a_delivery_are_delivered(aws: Region) -> None:
    sources = [
        {"name": name, "resourceArns": [f"arn:{name}"], "logType": kind} | more
        for name, kind, more in (
            ("distribution", "ACCESS_LOGS", {}),
            ("balancer", "ALB_ACCESS_LOGS", {"status": "ACTIVE"}),
            ("deleted", "ALB_ACCESS_LOGS", {"status": "INACTIVE", "statusReason": "RESOURCE_DELETED"}),
            ("connections", "ALB_CONNECTION_LOGS", {}),
            ("forgotten", "ACCESS_LOGS", {}),
        )
    ]
    taken = [{"deliverySourceName": source["name"]} for source in sources if source["name"] != "forgotten"]
    with Stubber(aws.clients.get("logs", "eu-west-1")) as stub:
        stub.add_response("describe_deliveries", {"deliveries": taken})
        stub.add_response("describe_delivery_sources", {"deliverySources": sources})
        assert list(log_deliveries.delivering.stream(aws)) == ["arn:distribution", "arn:balancer"]
