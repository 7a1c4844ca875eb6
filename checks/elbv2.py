"""Elastic Load Balancing: Application Load Balancers, listed together with Network and Gateway Load Balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from checks.kit import Aws, Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect, extra


class LoadBalancer(TypedDict):
    """What is used of AWS's LoadBalancer."""

    LoadBalancerArn: str
    Type: str


load_balancers: Collector[LoadBalancer] = collect(
    "elbv2:DescribeLoadBalancers", "LoadBalancers", arn="{LoadBalancerArn}", name="{LoadBalancerName}"
)


@extra("elbv2:DescribeLoadBalancerAttributes")
def attributes(aws: Aws, balancer: LoadBalancer) -> Mapping[str, str]:
    found = aws.items("elbv2:DescribeLoadBalancerAttributes", "Attributes", LoadBalancerArn=balancer["LoadBalancerArn"])
    return {one["Key"]: one["Value"] for one in found}


@check(load_balancers, attributes, practice=Practice.MONITORING, severity=Severity.LOW)
def load_balancer_logs_requests(balancer: LoadBalancer, attributes: Mapping[str, str]) -> Verdict:
    """Application Load Balancer keeps an access log.

    Its log shows who asked for what: the first thing to read after an attack on what is behind it.

    Fix: Turn on access logs of the load balancer, to a bucket that lets Elastic Load Balancing write.
    See: https://docs.aws.amazon.com/config/latest/developerguide/elb-logging-enabled.html
    """
    if balancer["Type"] != "application":
        raise NotApplicable("it is no Application Load Balancer")
    return expect(attributes.get("access_logs.s3.enabled") == "true", "keeps no access log")
