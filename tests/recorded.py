"""An account's answers, recorded once from the emulator and given again from memory; any call can be made to fail."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from bot.aws import READ_CONFIG, Clients, Region
from tests.conftest import ACCOUNT
from tests.made import Made

Answer = tuple[int, Mapping[str, Any]]
"""HTTP status and what botocore makes of the body."""
Failure = Callable[[], Answer]
"""What AWS answers in place of the right answer; or raises, where no answer came."""


@dataclass
class Recorded:
    """Answers by call, region and parameters. `failing`: call -> how."""

    answers: dict[str, Answer] = field(default_factory=dict)
    failing: dict[str, Failure] = field(default_factory=dict)

    @cached_property
    def _session(self) -> boto3.Session:
        session = boto3.Session(region_name="us-east-1")
        session.events.register_first("before-call", self._before)  # type: ignore[arg-type]  # its answer counts
        session.events.register("after-call", self._after)
        return session

    @cached_property
    def made(self) -> Made:
        """What was called, from memory or not."""
        return Made(self._session)

    @cached_property
    def _clients(self) -> Clients:
        once = READ_CONFIG.merge(Config(retries={"total_max_attempts": 1}))
        self.made  # noqa: B018  # it hears of clients that are made after it
        return Clients(self._session, config=once)

    def home(self) -> Region:
        """The account in its home region, nothing read yet. The first to ask a question asks the emulator."""
        return Region(self._clients, ACCOUNT, "us-east-1")

    def _before(self, model: Any, params: Any, context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        call = f"{model.service_model.service_name}:{model.name}"
        asked = [call, context["client_region"], params["url"], params["query_string"], params["body"]]
        key = context["recorded"] = json.dumps(asked, default=repr, sort_keys=True)
        answer = self.failing[call]() if call in self.failing else self.answers.get(key)
        if answer is None:
            return None
        context["recorded"] = ""
        return AWSResponse("", answer[0], {}, None), copy.deepcopy(answer[1])  # type: ignore[arg-type]

    def _after(self, http_response: Any, parsed: Any, context: dict[str, Any], **_: Any) -> None:
        unfinished = parsed.get("State") in ("STARTED", "INPROGRESS")  # of a report that is still being made
        if context["recorded"] and not unfinished:
            self.answers[context["recorded"]] = (http_response.status_code, _as_sent(parsed))


def _as_sent(answer: Any) -> Any:
    """A copy in which policies are text again: botocore decodes what IAM sends before anybody else sees it."""
    if isinstance(answer, dict):
        policy = {"Version", "Statement"} <= answer.keys()
        return json.dumps(answer) if policy else {key: _as_sent(value) for key, value in answer.items()}
    return [_as_sent(one) for one in answer] if isinstance(answer, list) else answer
