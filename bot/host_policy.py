"""What the bot itself must be allowed: its roles, and the copies of the audit log, as the settings have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.log_stream import READ, WRITE
from bot.permissions import action
from bot.settings import Settings


def host_statements(settings: Settings) -> list[dict[str, Any]]:
    """The statements of its policy; none when the settings ask for nothing.

    Resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    return [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for actions, resources in _allowed(settings)
        if resources
    ]


def _allowed(settings: Settings) -> Iterator[tuple[list[str], list[str]]]:
    roles = [arn for arn in (settings.role_arn, settings.fix_role_arn) if arn]
    partition = roles[0].split(":")[1] if roles else "aws"
    yield ["sts:AssumeRole"], roles
    yield ["sts:SetSourceIdentity"], [settings.fix_role_arn] if settings.fix_role_arn else []
    objects = f"arn:{partition}:s3:::{settings.audit_bucket}/*"
    yield [action("s3:PutObject")], [objects] if settings.audit_bucket else []
    group, _, stream = settings.audit_log_stream.partition(":")
    events = f"arn:{partition}:logs:*:*:log-group:{group}:log-stream:{stream}"
    yield [action(READ), action(WRITE)], [events] if group else []
