"""A scan keeps below AWS's limits: so many calls a second, so many at once, so many in all."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import boto3
import pytest
from botocore.exceptions import ClientError

from bot.aws import Clients, Region
from bot.aws_errors import CallError
from bot.pace import OTHERS, RATES, OverBudget, Pace, Rate
from tests.conftest import ACCOUNT


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def paced(time: Time, region: str = "eu-west-1", **given: Mapping[str, float] | int) -> Region:
    pace = Pace(clock=time.clock, sleep=time.sleep, **given)  # type: ignore[arg-type]
    return Region(Clients(boto3.Session(region_name=region), pace=pace), ACCOUNT, region)


@pytest.mark.parametrize(("service", "rate"), [*RATES.items(), ("iam", OTHERS)])
def test_a_burst_is_let_through_and_the_rest_comes_at_the_rate(service: str, rate: Rate) -> None:
    time, pace = Time(), Pace()
    pace.clock, pace.sleep = time.clock, time.sleep
    waits = [pace._reserve(service, "DescribeThings", "eu-west-1")[0] for _ in range(int(rate.burst) + 3)]
    assert waits[: int(rate.burst)] == [0.0] * int(rate.burst)
    assert waits[int(rate.burst) :] == pytest.approx([n / rate.per_second for n in (1, 2, 3)])
    time.now += 3600
    assert pace._reserve(service, "DescribeThings", "eu-west-1")[0] == 0


def test_other_operations_and_regions_have_their_own_turn(moto_url: str) -> None:
    time = Time()
    here = paced(time, rates={"ec2": 1})
    here.call("ec2:DescribeVpcs")
    here.call("ec2:DescribeVolumes")
    here.at("us-east-1").call("ec2:DescribeVpcs")
    assert time.slept == [0, 0, 0]
    here.call("ec2:DescribeVpcs")
    assert time.slept[-1] == pytest.approx(1)


def test_each_page_is_a_call(moto_url: str) -> None:
    time = Time()
    here = paced(time, rates={"dynamodb": 1})
    dynamodb = here.clients.session.client("dynamodb")
    for number in range(3):
        dynamodb.create_table(
            TableName=f"table-{number}",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    assert len(list(here.items("dynamodb:ListTables", "TableNames", Limit=1))) == 3
    assert len([wait for wait in time.slept if wait > 0]) >= 2


def test_a_slot_is_given_back_however_a_call_ends(moto_url: str) -> None:
    here = paced(Time(), at_once=1)
    with pytest.raises(CallError):
        here.call("s3:GetBucketPolicy", Bucket="nobodys")
    with pytest.raises(CallError):
        here.call("s3:GetBucketPolicy", Bucket="not a name")
    assert here.call("s3:ListBuckets")["Buckets"] == []


def test_no_more_are_made_at_once_than_is_allowed(moto_url: str) -> None:
    here, inside, most = paced(Time(), at_once=2), threading.Semaphore(0), []
    counted = threading.Lock()
    running = 0

    def began(**_: object) -> None:
        nonlocal running
        with counted:
            running += 1
            most.append(running)
        inside.release()

    def ended(**_: object) -> None:
        nonlocal running
        with counted:
            running -= 1

    events = here.clients.get("s3", "eu-west-1").meta.events
    events.register("before-send", began)
    events.register_first("after-call", ended)
    threads = [threading.Thread(target=here.call, args=("s3:ListBuckets",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 2
    assert len(most) == 12


def test_past_the_budget_nothing_is_asked_and_it_is_said_why(moto_url: str) -> None:
    here = paced(Time(), budget=1)
    here.call("s3:ListBuckets")
    with pytest.raises(CallError, match=r"the scan's 1 calls are used up \(AWS_SEC_SCAN_CALLS\)") as caught:
        here.call("s3:ListBuckets")
    assert isinstance(caught.value.__cause__, OverBudget)
    assert not isinstance(caught.value.__cause__, ClientError)
