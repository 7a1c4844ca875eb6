"""Many people at once while a scan runs at full speed: Slack waits three seconds for an acknowledgement, no longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import pytest

from tests.e2e.stage import Result, Stage, until

pytestmark = pytest.mark.e2e

COMMANDS = 200


def test_two_hundred_commands_in_a_row_during_a_scan_are_all_acknowledged(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "status", channel="security")
    status = stage.alice.wait_message("security", "Security status", "status.scan")
    again = stage.click(stage.alice, status, "status.scan")
    words = ("findings network", "explain 1", "help", "findings spare", "audit")

    def command(number: int) -> Result:
        if number % 20 == 0:
            own = {"trigger_id": stage.strict.state.add_trigger(stage.alice.id)}
            stage.deliver(again | own)  # a scan of this small account takes but seconds
        return stage.alice.command("/aws-sec", words[number % len(words)], "general")

    with ThreadPoolExecutor(4) as pool:
        results = [*pool.map(command, range(COMMANDS))]
    assert {result.outcome for result in results} == {"acked"}
    cuts = quantiles([result.ms for result in results if result.ms is not None], n=100)
    print(f"\n{COMMANDS} commands during a scan: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")  # noqa: T201  # with -s
    until(
        lambda: len([m for m in stage.alice.messages("general") if m.get("subtype") == "ephemeral"]) >= COMMANDS,
        "every command is answered",
        seconds=30,
    )
    until(lambda: not stage.rows("SELECT * FROM scans WHERE state = 'running'"), "the scan ends", seconds=60)
    stage.settle(1)
