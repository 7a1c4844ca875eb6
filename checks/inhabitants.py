"""Whether a region holds anything of a kind: what is not there needs nobody to watch it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from checks.kit import ACCOUNT_ARN, Aws, Collector, Extra, collector

LOGINS_WATCHED = ["aurora-mysql", "aurora-postgresql", "postgres"]
"""Engines whose sign-ins GuardDuty reads.
https://docs.aws.amazon.com/guardduty/latest/ug/rds-protection.html"""

ALIVE = ["pending", "running", "stopping", "stopped"]


def _presence(call: str, path: str, params: Callable[[Aws], Mapping[str, Any]]) -> Collector[bool]:
    """Whether a list has anything in it, asked once in a region for all who want to know; a small page is enough."""

    @collector(call, arn=ACCOUNT_ARN)
    def there(aws: Aws) -> Iterator[bool]:
        yield next(aws.items(call, path, **params(aws)), None) is not None

    return there


def _any_of(*kinds: Collector[bool]) -> Extra[Any, bool]:
    return Extra((), lambda aws, _: any([one for kind in kinds for one in aws.read(kind)]), kinds)  # noqa: C419  # all


_buckets = _presence("s3:ListBuckets", "Buckets", lambda aws: {"BucketRegion": aws.region, "MaxBuckets": 1})
"""The region's own endpoint alone takes the filter: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html"""
_instances = _presence(
    "ec2:DescribeInstances",
    "Reservations",
    lambda _: {"Filters": [{"Name": "instance-state-name", "Values": ALIVE}], "MaxResults": 5},
)
_eks_clusters = _presence("eks:ListClusters", "clusters", lambda _: {"maxResults": 1})
_ecs_clusters = _presence("ecs:ListClusters", "clusterArns", lambda _: {"maxResults": 1})
_functions = _presence("lambda:ListFunctions", "Functions", lambda _: {"MaxItems": 1})
_repositories = _presence("ecr:DescribeRepositories", "repositories", lambda _: {"maxResults": 1})
_databases = _presence(
    "rds:DescribeDBInstances",
    "DBInstances",
    lambda _: {"Filters": [{"Name": "engine", "Values": LOGINS_WATCHED}], "MaxRecords": 20},
)

has_buckets = _any_of(_buckets)
has_instances = _any_of(_instances)
has_eks_clusters = _any_of(_eks_clusters)
has_ecs_clusters = _any_of(_ecs_clusters)
has_functions = _any_of(_functions)
has_repositories = _any_of(_repositories)
has_watched_databases = _any_of(_databases)
has_machines = _any_of(_instances, _eks_clusters, _ecs_clusters)
