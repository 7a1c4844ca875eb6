"""Whether a region holds anything of a kind: what is not there needs nobody to watch it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.kit import Aws, extra

LOGINS_WATCHED = ("aurora", "postgres")
"""Beginnings of the engines whose sign-ins GuardDuty reads.
https://docs.aws.amazon.com/guardduty/latest/ug/rds-protection.html"""


@extra("s3:ListBuckets")
def has_buckets(aws: Aws, _: Any) -> bool:
    """Asks the region's own endpoint, which alone takes the filter.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    return _any(aws.items("s3:ListBuckets", "Buckets", BucketRegion=aws.region, MaxBuckets=1))


@extra("ec2:DescribeInstances")
def has_instances(aws: Aws, _: Any) -> bool:
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    return _any(aws.items("ec2:DescribeInstances", "Reservations", Filters=alive))


@extra("eks:ListClusters")
def has_eks_clusters(aws: Aws, _: Any) -> bool:
    return _any(aws.items("eks:ListClusters", "clusters"))


@extra("ecs:ListClusters")
def has_ecs_clusters(aws: Aws, _: Any) -> bool:
    return _any(aws.items("ecs:ListClusters", "clusterArns"))


@extra("lambda:ListFunctions")
def has_functions(aws: Aws, _: Any) -> bool:
    return _any(aws.items("lambda:ListFunctions", "Functions"))


@extra("ecr:DescribeRepositories")
def has_repositories(aws: Aws, _: Any) -> bool:
    return _any(aws.items("ecr:DescribeRepositories", "repositories"))


@extra("rds:DescribeDBInstances")
def has_watched_databases(aws: Aws, _: Any) -> bool:
    """DB instances of an engine whose sign-ins GuardDuty reads."""
    instances = aws.items("rds:DescribeDBInstances", "DBInstances")
    return any(db["Engine"].startswith(LOGINS_WATCHED) for db in instances)


@extra(*has_instances.calls, *has_eks_clusters.calls, *has_ecs_clusters.calls)
def has_machines(aws: Aws, _: Any) -> bool:
    """Instances, or clusters of containers."""
    return any(kind.read(aws, _) for kind in (has_instances, has_eks_clusters, has_ecs_clusters))


def _any(found: Iterator[Any]) -> bool:
    """Whether there is one; only the first page is asked for."""
    return next(found, None) is not None
