"""The API calls that are really made."""

from __future__ import annotations

from typing import Any

import boto3


class Made:
    """Every API call of a session: its name, its region and its parameters."""

    def __init__(self, session: boto3.Session) -> None:
        self.calls: list[tuple[str, str, str]] = []
        session.events.register("before-parameter-build", self)  # clients made from now on tell

    def __call__(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        self.calls.append((f"{model.service_model.service_name}:{model.name}", context["client_region"], repr(params)))

    @property
    def names(self) -> set[str]:
        return {call for call, _, _ in self.calls}
