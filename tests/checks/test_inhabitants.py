"""Whether a region holds anything of a kind."""

from __future__ import annotations

from bot.aws import Region
from checks import inhabitants
from checks.kit import Extra
from tests.checks.test_guardduty_plans import off_with_a_function

KINDS = {name: found for name, found in vars(inhabitants).items() if isinstance(found, Extra)}


def test_empty_then_inhabited(aws: Region) -> None:
    assert {name for name, kind in KINDS.items() if kind.read(aws, {})} == set()
    off_with_a_function(aws.clients.session)
    aws.clients.session.client("ecr").create_repository(repositoryName="shop")
    again = Region(aws.clients, aws.account, aws.region)  # what was read is read once in a scan
    assert {name for name, kind in KINDS.items() if kind.read(again, {})} == set(KINDS)


def test_another_region_stays_empty(aws: Region) -> None:
    off_with_a_function(aws.clients.session)
    assert {name for name, kind in KINDS.items() if kind.read(aws.at("eu-west-3"), {})} == set()
