"""How many findings there are, of what: what lists and filters are made of."""

from __future__ import annotations

from datetime import timedelta

from bot.scan import Outcome, Status, UnitDone
from bot.store import Store
from bot.store.findings import Filter
from checks import cloudtrail, s3
from checks.kit import AnyCheck
from tests.store.test_findings import ACCOUNT, T0

BUCKET, TRAIL = s3.bucket_blocks_public_access, cloudtrail.account_has_multi_region_trail
OTHER = "999999999999"


def found(store: Store, check: AnyCheck, *resources: str, account: str = ACCOUNT, region: str = "us-east-1") -> None:
    scan_id = store.scans.begin(account, at=T0, complete_scope=True, requested_by="me")
    fails = [Outcome(check, account, region, resource, "name", Status.FAIL, "is wrong") for resource in resources]
    store.findings.record(scan_id, UnitDone((check,), account, region, True, 1, 1, "x"), fails, {}, T0)


def test_findings_are_counted_by_check_and_practice_under_a_filter(store: Store) -> None:
    found(store, BUCKET, "arn:aws:s3:::a", "arn:aws:s3:::b")
    found(store, BUCKET, "arn:aws:s3:::c", region="eu-west-1")
    found(store, TRAIL, f"arn:aws:iam::{ACCOUNT}:root")
    found(store, BUCKET, "arn:aws:s3:::other", account=OTHER)
    mine = Filter(account=ACCOUNT)
    assert store.tallies.by_check(mine, T0) == {
        BUCKET.id: (int(BUCKET.severity), 3),
        TRAIL.id: (int(TRAIL.severity), 1),
    }
    only = Filter(account=ACCOUNT, region="eu-west-1")
    assert store.tallies.by_practice(only, T0) == {BUCKET.practice.key: {int(BUCKET.severity): 1}}
    assert store.tallies.by_check(Filter(account=ACCOUNT, since=T0 + timedelta(days=1)), T0) == {}


def test_filters_offer_what_there_is_the_most_first(store: Store) -> None:
    found(store, BUCKET, "arn:aws:s3:::a", "arn:aws:s3:::b", "not an arn", "arn:aws:s3")
    found(store, BUCKET, "arn:aws-us-gov:dynamodb:x:1:table/t", region="eu-west-1")
    found(store, BUCKET, "arn:aws:kms:x:1:key/k", account=OTHER, region="ap-south-1")
    store.findings.set_owners(ACCOUNT, {"arn:aws:s3:::a": "ana", "arn:aws:s3:::b": "ben", "not an arn": "ben"})
    choices = store.tallies.choices(ACCOUNT, T0)
    assert [*choices.regions.items()] == [("us-east-1", 4), ("eu-west-1", 1)]
    assert choices.services == {"s3": 2, "dynamodb": 1}
    assert [*choices.owners.items()] == [("ben", 2), ("ana", 1)]
    assert choices.accounts == (ACCOUNT, OTHER)
    assert store.tallies.choices(ACCOUNT, T0, most=1).regions == {"us-east-1": 4}
