"""How quickly the bot acknowledged what people did, over a whole run of the end-to-end tests, printed at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import pytest

KINDS = ("slash_commands", "interactive")


@dataclass
class Seen:
    """Plain data, as it travels from the workers that ran the tests to who prints it."""

    sent: list[tuple[str, float | None]] = field(default_factory=list)
    """What Slack delivered: its kind, and after how many milliseconds it was acknowledged, if it was."""
    rejected: list[str] = field(default_factory=list)
    """The codes of what Slack would have rejected."""

    def add(self, deliveries: Iterable[Any], violations: Iterable[dict[str, Any]]) -> None:
        self.sent += [(str(d.kind), d.ms if d.outcome == "acked" else None) for d in deliveries]
        self.rejected += [str(violation["code"]) for violation in violations]


SEEN = pytest.StashKey[Seen]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEEN] = Seen()


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["seen"] = session.config.stash[SEEN].__dict__


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {}).get("seen", {"sent": [], "rejected": []})
    node.config.stash[SEEN].sent += told["sent"]
    node.config.stash[SEEN].rejected += told["rejected"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seen = config.stash[SEEN]
    if not seen.sent:
        return
    terminalreporter.section("acknowledgements, as Slack saw them")
    for kind in KINDS:
        found = [ms for what, ms in seen.sent if what == kind]
        took = sorted(ms for ms in found if ms is not None)
        if len(took) < 2:
            continue
        cuts = quantiles(took, n=100)
        terminalreporter.write_line(
            f"{kind:15} {len(found):5} sent  {len(took):5} acknowledged"
            f"  p50 {cuts[49]:6.1f} ms  p99 {cuts[98]:6.1f} ms  max {took[-1]:6.1f} ms"
        )
    provoked = f" ({', '.join(sorted(set(seen.rejected)))})" if seen.rejected else ""
    terminalreporter.write_line(f"what Slack would have rejected: {len(seen.rejected)}{provoked}")
