"""Elastic Load Balancing: Application Load Balancers, listed together with Network and Gateway Load Balancers."""

from __future__ import annotations

from typing import TypedDict

from checks.kit import Aws, Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect, extra
from checks.log_deliveries import delivering

APPLICATION = "application"


class LoadBalancer(TypedDict):
    """What is used of AWS's LoadBalancer."""

    LoadBalancerArn: str
    Type: str


load_balancers: Collector[LoadBalancer] = collect(
    "elbv2:DescribeLoadBalancers", "LoadBalancers", arn="{LoadBalancerArn}", name="{LoadBalancerName}"
)


@extra("elbv2:DescribeLoadBalancerAttributes", needs=(delivering,))
def is_logged(aws: Aws, balancer: LoadBalancer) -> bool:
    """Whether an Application Load Balancer writes its log to S3 itself or CloudWatch Logs delivers it somewhere."""
    if balancer["Type"] != APPLICATION:
        return False
    arn = balancer["LoadBalancerArn"]
    found = aws.items("elbv2:DescribeLoadBalancerAttributes", "Attributes", LoadBalancerArn=arn)
    to_s3 = any((one["Key"], one["Value"]) == ("access_logs.s3.enabled", "true") for one in found)
    return to_s3 or arn in aws.read(delivering)


@check(load_balancers, is_logged, practice=Practice.MONITORING, severity=Severity.LOW)
def load_balancer_logs_requests(balancer: LoadBalancer, is_logged: bool) -> Verdict:
    """Application Load Balancer keeps an access log.

    Its log shows who asked for what: the first thing to read after an attack on what is behind it.

    Fix: Turn on access logs of the load balancer, to a bucket that lets Elastic Load Balancing write.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
    """
    if balancer["Type"] != APPLICATION:
        raise NotApplicable("it is no Application Load Balancer")
    return expect(is_logged, "keeps no access log")
