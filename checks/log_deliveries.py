"""Access logs that CloudWatch Logs delivers for other services: no setting of the resource itself tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from checks.kit import ACCOUNT_ARN, Aws, collector

ACCESS_LOGS = ("ACCESS_LOGS", "ALB_ACCESS_LOGS", "NLB_ACCESS_LOGS", "S3_SERVER_ACCESS_LOGS")
"""Types of logs that hold requests; of other types are logs of connections and health checks, say.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html"""


@collector("logs:DescribeDeliverySources", "logs:DescribeDeliveries", arn=ACCOUNT_ARN)
def delivering(aws: Aws) -> Iterator[str]:
    """The ARNs of what access logs are delivered of: a source that is active, with a delivery to take it somewhere."""
    taken = {one["deliverySourceName"] for one in aws.items("logs:DescribeDeliveries", "deliveries")}
    for source in aws.items("logs:DescribeDeliverySources", "deliverySources"):
        active = source.get("status") != "INACTIVE"  # .get: AWS defines it for some types of logs only
        if active and source["name"] in taken and source["logType"] in ACCESS_LOGS:
            yield from source["resourceArns"]
