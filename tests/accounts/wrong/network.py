"""A desktop that the whole internet may sign in to."""

from __future__ import annotations

from bot.demo.account_network import EVERYONE, EVERYONE_6, Rule, make_group, start_instance
from bot.demo.aws import Emulated
from bot.demo.tags import tags


def fill_network(aws: Emulated) -> None:
    ec2 = aws.client("ec2", "us-east-1")
    [subnet] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["staging-public"]}])["Subnets"]
    vpc, public = subnet["VpcId"], subnet["SubnetId"]
    windows = make_group(
        ec2,
        vpc,
        "finance-windows",
        "Remote desktop",
        tags("finance"),
        Rule(3389, EVERYONE),
        Rule(3389, EVERYONE_6),
        Rule(445, EVERYONE, why="file share, for the auditor"),
    )
    start_instance(ec2, "finance-desktop", public, windows, tags("finance"), required=False)
