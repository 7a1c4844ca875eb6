"""Scans in a process of their own: progress in order, one scan for all who ask, and an end that is always told."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.runner import Progress, Running, ScanResult, ScanRunner
from bot.store import open_store
from bot.store.findings import Filter
from tests.conftest import point_at
from tests.endpoints import endpoint

pytestmark = pytest.mark.asyncio
CHECK = "s3.bucket_blocks_public_access"
ACCOUNT = "123456789012"


@pytest.fixture
def northwind(demo_account_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a bot that may read the demo's account."""
    point_at(monkeypatch, demo_account_url)
    monkeypatch.setenv("AWS_SEC_REGIONS", '["eu-west-1", "us-east-1"]')
    return demo_account_url


@pytest.fixture
def slow(northwind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same account, two seconds away: time enough to interfere."""
    with endpoint(northwind, tmp_path, latency=2000) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


async def followed(run: Running) -> list[Progress]:
    return [progress async for progress in run.updates()]


def children(word: str = "--events") -> list[int]:
    """The process ids of our children that run a command with that word."""
    ours = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in ours if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]


def child() -> int:
    """The process id of the scan: the one child of ours that runs the command."""
    for pid in children():
        return pid
    raise ProcessLookupError


def saying(*lines: str, then: str = "true") -> ScanRunner:
    """A runner whose command prints these lines, whatever it is asked, and then does something else."""
    said = "; ".join(f"echo {shlex.quote(line)}" for line in lines) or "true"
    return ScanRunner(command=["sh", "-c", f"{said}; {then}"])


async def test_progress_arrives_in_order_and_ends_with_the_result(northwind: str, tmp_path: Path) -> None:
    ended: list[ScanResult] = []
    runner = ScanRunner(on_end=ended.append)
    run = await runner.start(requested_by="T1/U1")
    seen = await followed(run)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    last = seen[-1]
    assert last.done == last.total > 0
    assert last.failed > 0
    assert await run.result() == ScanResult(True, ACCOUNT, "")
    assert ended == [await run.result()]
    assert runner.running is None
    store = open_store(tmp_path / "aws-sec.sqlite")
    scan = store.scans.last()
    assert scan is not None
    assert (scan.requested_by, scan.complete_scope) == ("T1/U1", True)
    store.close()


async def test_two_who_ask_at_once_share_one_scan(northwind: str) -> None:
    runner = ScanRunner()
    first = await runner.start(requested_by="T1/U1", checks=[CHECK])
    second = await runner.start(requested_by="T1/U2", checks=[CHECK])
    assert second is first
    assert (await first.result()).ok
    after = await runner.start(requested_by="T1/U2", checks=[CHECK])
    assert after is not first, "whoever asks later gets a new one"
    await runner.stop()


async def test_who_asks_for_less_joins_a_full_scan_and_who_asks_for_more_does_not(slow: str) -> None:
    runner = ScanRunner()
    some = await runner.start(requested_by="T1/U1", checks=[CHECK])
    full = await runner.start(requested_by="T1/U1")
    assert full is not some
    assert runner.running is full
    assert await runner.start(requested_by="T1/U1", checks=["iam_users.other"]) is full
    await runner.stop()


async def test_whoever_asks_for_every_check_by_itself_starts_few_processes_and_no_full_scan_waits() -> None:
    runner = ScanRunner(command=["sh", "-c", "exec sleep 60"])
    some = [await runner.start(requested_by="T1/U1", checks=[f"check{number}"]) for number in range(20)]
    await asyncio.sleep(0.3)
    assert len(children("sleep")) == 2
    await runner.start(requested_by="T1/U2")
    await asyncio.sleep(0.3)
    assert len(children("sleep")) == 3
    await runner.cancel(some[0])
    await asyncio.sleep(0.3)
    assert len(children("sleep")) == 3, "the next has its turn"
    await runner.stop()
    assert children("sleep") == []


async def test_a_scan_of_one_check_reads_that_check_alone(northwind: str, tmp_path: Path) -> None:
    run = await ScanRunner().start(requested_by="T1/U1", checks=[CHECK])
    assert (await run.result()).ok
    store = open_store(tmp_path / "aws-sec.sqlite")
    assert {finding.check_id for finding in store.findings.search(Filter(), datetime.now(UTC))} == {CHECK}
    assert store.scans.last() is None, "it does not count as a complete one"
    store.close()


async def test_a_child_that_is_killed_in_the_middle_is_a_sentence_for_everybody_who_waits(slow: str) -> None:
    runner = ScanRunner()
    run = await runner.start(requested_by="T1/U1", checks=[CHECK])
    waiting = [asyncio.create_task(followed(run)), asyncio.create_task(followed(run))]
    await asyncio.sleep(0.5)
    os.kill(child(), signal.SIGKILL)
    result = await run.result()
    assert result == ScanResult(False, "", "the scan ended unexpectedly (exit -9): see the log")
    await asyncio.gather(*waiting)
    assert runner.running is None


async def test_a_scan_that_takes_too_long_is_ended(slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runner.GRACE_SECONDS", 1)
    runner = ScanRunner(limit_minutes=0)
    run = await runner.start(requested_by="T1/U1", checks=[CHECK])
    await asyncio.sleep(0.5)
    pid = child()
    assert (await run.result()).note == "the scan took too long and was stopped; what was read is stored"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_when_the_bot_stops_its_scans_stop(slow: str) -> None:
    runner = ScanRunner()
    run = await runner.start(requested_by="T1/U1")
    await asyncio.sleep(0.5)
    pid = child()
    await runner.stop()
    assert await run.result() == ScanResult(False, "", "the scan was stopped; what was read is stored")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_why_a_scan_could_not_begin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await ScanRunner().start(requested_by="T1/U1")
    result = await run.result()
    assert not result.ok
    assert result.note.startswith("no AWS credentials were found")
    monkeypatch.setenv("AWS_SEC_SCAN_HOURS", "0")
    run = await ScanRunner().start(requested_by="T1/U1")
    assert (await run.result()).note.startswith("AWS_SEC_SCAN_HOURS: ")


async def test_a_note_about_what_was_left_out_comes_with_the_result(
    northwind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SEC_REGIONS", '["eu-west-1", "me-south-1"]')
    run = await ScanRunner().start(requested_by="T1/U1", checks=[CHECK])
    assert await run.result() == ScanResult(True, ACCOUNT, "not enabled: me-south-1")


async def test_a_command_that_is_not_there() -> None:
    run = await ScanRunner(command=["/no/such/program"]).start(requested_by="T1/U1")
    assert (await run.result()).note == "the scan could not be started: No such file or directory"


async def test_a_child_that_ends_without_a_word() -> None:
    run = await saying(then="exit 7").start(requested_by="T1/U1")
    assert (await run.result()).note == "the scan ended unexpectedly (exit 7): see the log"


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "x" * 100_000], ids=["no event", "too long"])
async def test_a_child_that_prints_what_is_no_event(line: str) -> None:
    runner = saying(line, then="exec sleep 60")
    run = await runner.start(requested_by="T1/U1")
    assert (await run.result()).note == "the scan answered what could not be understood: see the log"
    assert runner.running is None


async def test_a_slow_follower_sees_the_latest_and_delays_nobody() -> None:
    lines = [f'{{"progress": {{"done": {n}, "total": 50, "reading": "", "failed": 0}}}}' for n in range(51)]
    run = await saying(*lines, '{"result": {"ok": true, "account": "1", "note": ""}}').start(requested_by="T1/U1")
    seen = []
    async for progress in run.updates():
        seen.append(progress.done)
        await asyncio.sleep(0.2)
    assert len(seen) < 20
    assert seen == sorted(seen)
    assert (await run.result()).ok


async def test_a_scan_whose_reader_died_ends_by_itself(northwind: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "scan", "--events", stdout=writing, stderr=asyncio.subprocess.PIPE
    )
    os.close(writing)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, said) == (141, b"")
