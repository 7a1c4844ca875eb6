"""`make bench`: its endpoint hands calls on as they are, keeps answers and counts right; its arithmetic is right."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError

import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from botocore.config import Config
from rich.console import Console
from rich.table import Table

from benchmarks import tables
from benchmarks.__main__ import sentence
from benchmarks.agreement import Row, compare
from benchmarks.demo import DemoAccount
from benchmarks.endpoint import CONTROL, Call, Endpoint, call_of
from benchmarks.install import installed
from benchmarks.limit import import_times, limit, make_clients
from benchmarks.measure import AWS_SEC, OwnEndpoint, Run, environment, measure, median, ratio
from benchmarks.stored import ACCOUNT, fill, pictures
from benchmarks.tools import AwsSec, Prowler, run
from bot.demo.processes import DemoError, fetch, processes, wait_until
from bot.store import Store
from bot.store.findings import Filter
from tests.conftest import free_port, point_at
from tests.endpoints import ROOT, counted, endpoint

ONCE = Config(retries={"total_max_attempts": 1})
CHECK = "s3.bucket_blocks_public_access"


@pytest.fixture
def url(moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with endpoint(moto_url, tmp_path) as url:
        point_at(monkeypatch, url)
        yield url


def test_it_hands_on_what_each_kind_of_api_asks_and_answers(url: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="northwind", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="northwind", Key="plus + and %2F", Body=b"x" * 100_000)
    assert s3.get_object(Bucket="northwind", Key="plus + and %2F")["Body"].read() == b"x" * 100_000
    assert [user["UserName"] for user in boto3.client("iam").list_users()["Users"]] == []
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket")
    assert counted(url)["calls"] == 6


def test_a_call_counts_as_a_duplicate_when_operation_region_and_parameters_are_the_same(url: str) -> None:
    fetch(url + CONTROL, b"0")
    for region in ("eu-west-1", "us-east-1"):
        sqs = boto3.client("sqs", region_name=region)
        for prefix in ("a", "a", "b"):
            sqs.list_queues(QueueNamePrefix=prefix)
    seen = counted(url)
    assert seen["calls"] == seen["misses"] == 6
    assert seen["duplicates"] == {"sqs eu-west-1 ListQueues": 1, "sqs us-east-1 ListQueues": 1}


def test_counting_begins_anew_with_each_latency_and_the_latency_is_added(url: str) -> None:
    sqs = boto3.client("sqs", config=ONCE)
    sqs.list_queues()
    fetch(url + CONTROL, b"200")
    assert counted(url)["calls"] == 0
    began = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - began >= 0.2


def test_the_operation_is_found_in_header_body_or_path() -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260302/eu-west-1/kms/aws4_request, ..."}
    assert call_of("POST", "/", signed | {"X-Amz-Target": "TrentService.ListKeys"}, "{}") == Call(
        "kms", "eu-west-1", "ListKeys", "{}"
    )
    assert call_of("POST", "/", {}, "Action=ListUsers&Version=1").operation == "ListUsers"
    assert call_of("GET", "/bucket?acl", {}, "").operation == "GET /bucket?acl"


def test_a_run_is_measured_as_a_process_of_its_own(url: str, tmp_path: Path) -> None:
    command = [*AWS_SEC, "scan", "--no-store", "--check", CHECK]
    one = measure(command, environment(url, "us-east-1"), OwnEndpoint(url), 0, folder=tmp_path)
    assert one.exit == 0
    assert one.calls == 3, "who am I, which regions, which buckets"
    assert one.duplicates == {}
    assert one.most >= 1
    assert 10 < one.peak_mb < 2000
    assert one.cpu > 0
    assert min(one.before, one.window, one.after) > 0
    assert one.wall == pytest.approx(one.before + one.window + one.after)


def test_a_run_inherits_nothing_of_the_persons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_REGIONS", '["eu-north-1"]')
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    env = environment("http://localhost:1", "us-east-1", ours=False)
    assert not {"AWS_SEC_REGIONS", "AWS_PROFILE", "SLACK_BOT_TOKEN", "PYTHONPATH"} & env.keys()


# --- answers that are kept -----------------------------------------------------------


@contextmanager
def recording(to: str, folder: Path) -> Iterator[str]:
    with processes(folder) as children:
        url = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "benchmarks.endpoint", url.rpartition(":")[2], to, "--record"]
        child = children.start("recording", command, env=environment("", ""), cwd=ROOT)
        wait_until(lambda: fetch(url + CONTROL) is not None, child, seconds=20, doing="starting")
        yield url


@pytest.fixture
def recorded(moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with recording(moto_url, tmp_path) as url:
        point_at(monkeypatch, url)
        yield url


def test_an_answer_is_asked_for_once_and_given_again(recorded: str) -> None:
    sqs = boto3.client("sqs")
    first = sqs.list_queues(QueueNamePrefix="a")
    sqs.create_queue(QueueName="a1")
    assert sqs.list_queues(QueueNamePrefix="a").get("QueueUrls") == first.get("QueueUrls"), "as it was recorded"
    assert len(sqs.list_queues(QueueNamePrefix="a1")["QueueUrls"]) == 1
    seen = counted(recorded)
    assert (seen["calls"], seen["misses"]) == (4, 3)
    assert seen["duplicates"] == {"sqs eu-west-1 ListQueues": 1}
    fetch(recorded + CONTROL, b"0")
    sqs.list_queues(QueueNamePrefix="a")
    assert counted(recorded)["misses"] == 0, "counting begins anew, what is kept stays"


def test_a_refusal_is_kept_too(recorded: str) -> None:
    s3 = boto3.client("s3")
    for _ in range(2):
        with pytest.raises(s3.exceptions.NoSuchBucket):
            s3.list_objects_v2(Bucket="no-such-bucket")
    assert counted(recorded)["misses"] == 1


def test_an_answer_that_says_come_back_later_is_not_kept(recorded: str) -> None:
    iam = boto3.client("iam")
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException):
        iam.get_credential_report()
    states = [iam.generate_credential_report()["State"] for _ in range(3)]
    assert states[-1] == "COMPLETE"
    assert iam.get_credential_report()["Content"]


@pytest.mark.asyncio
async def test_what_is_in_flight_is_counted_and_a_failing_emulator_is_not_asked_again() -> None:
    together = asyncio.Barrier(4)

    async def behind(_: web.Request) -> web.Response:
        await together.wait()  # answers only when four calls are in flight
        return web.Response(status=500)

    upstream = web.Application()
    upstream.router.add_route("*", "/{path:.*}", behind)
    async with TestServer(upstream) as server:
        front = Endpoint(str(server.make_url("")).rstrip("/"), record=True)
        async with TestClient(TestServer(front.application())) as client:
            answers = await asyncio.gather(*(client.get(f"/{name}") for name in "abcd"))
            assert [answer.status for answer in answers] == [501] * 4
            assert (await client.get("/a")).status == 501, "kept: nobody else waits at the barrier"
            seen = await (await client.get(CONTROL)).json()
    assert (seen["calls"], seen["misses"], seen["most"]) == (5, 4, 4)
    assert 0 < seen["first"] < seen["last"]


@dataclass(frozen=True)
class OneCheck(AwsSec):
    """The scan of one check, which is enough to try."""

    def command(self, regions: Sequence[str], _folder: Path) -> list[str]:
        return [*AWS_SEC, "scan", "--no-store", "--format", "json", "--check", CHECK, "--region", *regions]


def test_only_a_run_that_the_recording_answered_counts(recorded: str, tmp_path: Path) -> None:
    account = DemoAccount(recorded)
    made = run(OneCheck(), account, ["us-east-1"], 0, tmp_path)
    assert (made.calls, made.misses) == (3, 0), "the first run recorded, the second counts"
    assert json.loads((tmp_path / "stdout").read_text()) == []


def test_a_tool_that_always_asks_something_new_is_given_up(url: str, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="aws-sec asks something new each time: 3 of 3 calls"):
        run(OneCheck(), DemoAccount(url), ["us-east-1"], 0, tmp_path)


def test_what_cannot_be_installed_is_left_out(tmp_path: Path) -> None:
    with processes(tmp_path) as children:
        assert installed(children, tmp_path, "peer", "peer", ["./no-such-package"]) is None
    assert "no-such-package" in (tmp_path / "pip-peer.log").read_text()


def test_a_tool_that_fails_is_said_with_its_last_words(recorded: str, tmp_path: Path) -> None:
    with pytest.raises(CalledProcessError) as raised:
        run(OneCheck(good=()), DemoAccount(recorded), ["nowhere-1"], 0, tmp_path)
    assert "not enabled for account 123456789012: nowhere-1" in sentence(raised.value)


# --- arithmetic ----------------------------------------------------------------------


def a_run(**given: float) -> Run:
    usual = {"wall": 3.0, "cpu": 2.0, "peak_mb": 100.0, "before": 0.5, "window": 2.0}
    counts = {"exit": 0, "calls": 400, "misses": 0, "most": 50}
    return Run(**usual | counts | given)  # type: ignore[arg-type]


def test_the_limit_is_the_largest_of_three_bounds() -> None:
    assert limit(1000, 50, 0.05).least == limit(1000, 50, 0.05).cpu == pytest.approx(1.4)
    assert limit(10, 50, 0.05).least == limit(10, 50, 0.05).path == pytest.approx(0.15)
    assert limit(1000, 10, 0.05).least == limit(1000, 10, 0.05).width == pytest.approx(5.0)
    assert limit(0, 0, 0.05).least == pytest.approx(0.15)


def test_figures_are_medians_and_ratios_peer_by_ours() -> None:
    runs = [a_run(wall=1), a_run(wall=9), a_run(wall=2)]
    assert median(runs, "wall") == 2
    assert ratio(60.0, 2.0) == 30
    assert ratio(43, 0) is None


def test_imports_are_added_up_by_package() -> None:
    report = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       100 |        100 |   botocore.client\n"
        "import time:       250 |        350 | botocore\n"
        "import time:      4000 |       4350 | bot.aws\n"
    )
    assert import_times(report) == {"bot": 0.004, "botocore": 0.00035}


def test_clients_are_made_for_what_the_checks_use() -> None:
    made = make_clients(["us-east-1", "eu-west-1", "eu-west-2"])
    assert made["first"] > made["more"] / 2 > 1, "services of the whole account have no client elsewhere"


def printed(table: Table) -> str:
    console = Console(width=250)
    with console.capture() as shown:
        console.print(table)
    return shown.get()


def test_tables_are_markdown_with_a_row_for_each_tool_and_their_ratio() -> None:
    runs = {
        (1, 4, "aws-sec"): [a_run()],
        (1, 4, "Prowler"): [a_run(wall=90, cpu=20, calls=2000)],
        (2, 4, "aws-sec"): [a_run(wall=4)],
    }
    lines = [" ".join(line.split()) for line in printed(tables.comparison(runs, "aws-sec", "Prowler")).splitlines()]
    assert "| 1 | 4 | aws-sec | 3.00 s (3.00-3.00) | 2.00 s | 100 MB | 400 | 0 | 0.50 s | 50 |" in lines
    assert "| | | Prowler / aws-sec | 30.0 x | 10.0 x | 1.0 x | 5.0 x | | 1.0 x | |" in lines
    grown = [" ".join(line.split()) for line in printed(tables.growth(runs, "aws-sec")).splitlines()]
    assert "| 2 | 4.00 s (4.00-4.00) | 2.00 s | 400 | 100 MB |" in grown
    far = [" ".join(line.split()) for line in printed(tables.distance(runs, "aws-sec", 0.05)).splitlines()]
    assert "| 1 | 4 | 0.56 s | 0.15 s | 0.40 s | 0.56 s | 3.00 s | 5.4 | 0.50 s | 2.00 s | 0.50 s |" in far


# --- what fails ----------------------------------------------------------------------


def test_both_reports_are_read_by_control(tmp_path: Path) -> None:
    (tmp_path / "stdout").write_text(
        json.dumps(
            [
                {"check": "iam_root.root_has_mfa", "status": "fail", "region": "us-east-1", "resource": "root"},
                {"check": "iam_root.root_is_not_used", "status": "unknown", "region": "us-east-1", "resource": "root"},
            ]
        )
    )
    (tmp_path / "compliance").mkdir()
    (tmp_path / "compliance" / "x_cis_5.0_aws.csv").write_text(
        "REQUIREMENTS_ID;STATUS;REGION;RESOURCEID\n1.4;PASS;us-east-1;root\n1.10;FAIL;us-east-1;ana\n"
        "1.10;FAIL;us-east-1;ana\n1.2;MANUAL;us-east-1;x\n"
    )
    ours, theirs = AwsSec().judged(tmp_path), Prowler(Path("prowler")).judged(tmp_path)
    assert ours == ({"1.4"}, {"1.4": {"us-east-1 root"}})
    assert theirs == ({"1.4", "1.10"}, {"1.10": {"us-east-1 ana"}})
    rows, only_ours, only_theirs = compare(ours, theirs)
    assert rows == [Row("1.4", 1, 0, 0)]
    assert (only_ours, only_theirs) == (set(), {"1.10"})


def test_controls_are_in_the_order_of_the_benchmark() -> None:
    judged = {"5.2", "1.10", "1.9", "2.1.1"}
    rows, _, _ = compare((judged, {"1.9": {"a", "b"}}), (judged, {"1.9": {"b"}, "5.2": {"c"}}))
    assert [row.control for row in rows] == ["1.9", "1.10", "2.1.1", "5.2"]
    assert [(row.ours, row.theirs, row.same) for row in rows if not row.agrees] == [(2, 1, 1), (0, 1, 0)]
    shown = printed(tables.agreement(rows, {"3.9"}, set()))
    assert "2 of 4 controls" in shown
    assert "by aws-sec only: 3.9; by Prowler only: none" in " ".join(shown.split())


def test_a_reason_is_given_only_for_the_difference_it_explains() -> None:
    assert "management events" in Row("3.1", 1, 0, 0).note
    assert Row("3.1", 0, 1, 0).note == Row("3.1", 1, 1, 0).note == ""
    assert "every bucket" in Row("2.1.2", 3, 61, 3).note
    assert "all events" in Row("4.3", 1, 0, 0).note


def test_a_database_is_filled_with_so_many_findings_and_answers(store: Store) -> None:
    fill(store, 700)
    assert store.findings.count(Filter(account=ACCOUNT), datetime.now(UTC)) == 700
    assert all(seconds > 0 for seconds in pictures(store))
