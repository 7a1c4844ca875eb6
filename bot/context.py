"""What every handler and job works with, put together once at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.bulk import Bulk
from bot.post import Post
from bot.remediate import Remediator
from bot.runner import ScanRunner
from bot.settings import Settings
from bot.store import Store
from checks.kit import AnyCheck, Fix


@dataclass(frozen=True)
class Bot:
    """One bot: one workspace, one AWS account. `checks` and `fixes` are by check id.

    `enterprise`: the organization that the workspace is in, if any.
    """

    settings: Settings
    store: Store
    account: str
    team: str
    checks: Mapping[str, AnyCheck]
    fixes: Mapping[str, Fix]
    scans: ScanRunner
    remediator: Remediator
    bulk: Bulk
    post: Post
    now: Callable[[], datetime]
    enterprise: str = ""
