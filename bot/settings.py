"""Settings: environment variables (`AWS_SEC_*`, `SLACK_*`) over an optional `aws-sec.toml`, validated once at start."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError

from bot.nearest import did_you_mean, nearest
from bot.setting_types import (
    WEEKDAYS,
    AccountId,
    BucketAndPrefix,
    DigestTables,
    LogStream,
    OwnerName,
    Quiet,
    RegionName,
    RoleArn,
    SlackApprover,
    SlackChannel,
    SlackUser,
    TagOrKey,
    WebAddress,
    Weekday,
    ZoneName,
    local_time,
)
from checks.kit import AnyCheck

PREFIX = "AWS_SEC_"
FILE = "aws-sec.toml"
OF_KUBERNETES = re.compile(rf"{PREFIX}(SERVICE_HOST|SERVICE_PORT\w*|PORT(_\d+_(TCP|UDP|SCTP)\w*)?)")
"""What Kubernetes sets in every pod beside a Service named aws-sec.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""


class FixMode(StrEnum):
    """What an approved request does: nothing is offered, everything but the write, or the change."""

    OFF = "off"
    DRY_RUN = "dry-run"
    ON = "on"


class Late(StrEnum):
    """What becomes of a digest that was due while the bot was down."""

    SEND = "send"
    SKIP = "skip"


class BadSettings(Exception):
    """A setting is missing or wrong; the text names it and says what is allowed."""


class Freeze(BaseModel):
    """A window in which no fix is made."""

    model_config = ConfigDict(extra="forbid")

    start: datetime = Field(alias="from")
    until: datetime
    reason: str

    @field_validator("start", "until")
    @classmethod
    def _aware(cls, value: datetime) -> datetime:
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        if self.until <= self.start:
            raise ValueError("until must be later than from")
        return self


class Limit(BaseModel):
    """What some people may not go beyond; whoever no limit names has none."""

    model_config = ConfigDict(extra="forbid")

    who: list[SlackApprover] = Field(min_length=1)
    may: list[Literal["request", "approve"]] = ["request", "approve"]
    up_to: Literal["low", "medium", "high", "critical"] = "critical"
    accounts: list[AccountId] = []


RiskName = Literal["safe", "cuts_access", "interrupts"]
ToolName = Literal["CloudFormation", "CDK", "Terraform", "OpenTofu", "Pulumi"]


class Settings(BaseSettings):
    """Everything that can be set. Each field's description is its line in the documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, toml_file=FILE, extra="forbid")

    slack_bot_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("SLACK_BOT_TOKEN", "slack_bot_token"),
        description="Bot token (`xoxb-`).",
    )
    slack_app_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("SLACK_APP_TOKEN", "slack_app_token"),
        description="App-level token (`xapp-`, connections:write) for Socket Mode; empty: HTTP with the secret below.",
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("SLACK_SIGNING_SECRET", "slack_signing_secret"),
        description="Signing secret; needed for HTTP only.",
    )
    slack_api_url: WebAddress = Field(
        "https://slack.com/api/",
        validation_alias=AliasChoices("SLACK_API_URL", "slack_api_url"),
        description="Slack's Web API.",
    )
    port: int = Field(
        3000, validation_alias=AliasChoices("PORT", "port"), ge=1, le=65535, description="Port for HTTP mode."
    )

    channel: SlackChannel = Field("", description="Channel id where `/aws-sec status` answers for everybody to read.")
    approvals_channel: SlackChannel = Field("", description="Channel id where fixes are approved.")
    digest_channel: SlackChannel = Field("", description="Channel id of the daily digest. Empty: no digest.")
    approvers: list[SlackApprover] = Field(
        default_factory=list, description="User ids or user group ids who may approve fixes."
    )
    requesters: list[SlackApprover] = Field(
        default_factory=list, description="User or user group ids who may ask for fixes and mute. Empty: everybody."
    )
    viewers: list[SlackApprover] = Field(
        default_factory=list,
        description="User or user group ids who may use the command, besides the two above. Empty: everybody.",
    )

    database: Path = Field(Path("aws-sec.sqlite"), description="The SQLite file.")
    audit_key: SecretStr = Field(SecretStr(""), description="Key for the audit log's hashes. Keep it outside the host.")
    audit_old_keys: list[SecretStr] = Field(
        default_factory=list, description="Keys that older rows of the audit log were written with."
    )
    audit_bucket: BucketAndPrefix = Field(
        "", description="`bucket` or `bucket/prefix`, with Object Lock, that gets a copy of the audit log."
    )

    audit_log_stream: LogStream = Field(
        "", description="`group:stream` of CloudWatch Logs that gets a copy of the audit log, too."
    )

    owner_tags: list[str] = Field(["owner"], description="Keys of tags that name a resource's owner, first the best.")
    account_name: str = Field("", description="What people call the account, as prod; `/aws-sec freeze prod` knows it.")
    regions: list[RegionName] = Field(default_factory=list, description="Regions to scan. Empty: all that are enabled.")
    role_arn: RoleArn = Field(
        "", description="Read-only role to assume for scans. Empty: the environment's credentials."
    )
    external_id: str = Field("", description="External id for the read-only role.")
    skip_checks: list[str] = Field(default_factory=list, description="Check ids not to run.")
    thresholds: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Check id -> parameter -> value, where a benchmark's default does not fit."
    )
    own_accounts: list[AccountId] = Field(default_factory=list, description="Ids of your other accounts.")
    trusted_accounts: list[AccountId] = Field(
        default_factory=list, description="Ids of partners' accounts that policies may let in, besides your own."
    )
    customer_managed_keys: bool = Field(
        False, description="Whether data must be encrypted with KMS keys of yours, where AWS's own would do for most."
    )

    fix_mode: FixMode = Field(
        FixMode.DRY_RUN, description="off: no fixes. dry-run: approve and rehearse, write nothing. on: make the change."
    )
    fix_role_arn: RoleArn = Field("", description="Write role, assumed for one approved plan at a time. Needed for on.")
    fix_external_id: str = Field("", description="External id for the write role.")
    fix_accounts: list[AccountId] = Field(
        default_factory=list, description="Account ids in which fixes may be made. Empty: the scanned account."
    )
    protected_tags: list[TagOrKey] = Field(
        default_factory=list,
        description="`key` or `key=value`: what has such a tag is never changed; if the account has it, nothing is.",
    )
    account_tags: dict[AccountId, dict[str, str]] = Field(
        default_factory=dict,
        description="Account id -> its tags, where the read role cannot read them in AWS Organizations.",
    )
    fix_inputs: dict[str, str | dict[RegionName, str]] = Field(
        default_factory=dict,
        description="What some fixes have to be told, for all regions or region by region: [which](fixes.md#inputs).",
    )
    managed_by: dict[TagOrKey, ToolName] = Field(
        default_factory=dict,
        description="Tag (`key` or `key=value`) -> CloudFormation, CDK, Terraform, OpenTofu or Pulumi, where your tags"
        " say in words of their own which code owns a resource.",
    )
    limits: list[Limit] = Field(
        default_factory=list,
        description="People who may ask or approve only up to a severity, or only in some accounts: who, may, up_to,"
        " accounts.",
    )
    two_approvers_for: list[RiskName] = Field(
        ["interrupts"], description="Risks of a fix for which two people must approve: safe, cuts_access, interrupts."
    )
    batch_size: int = Field(20, ge=1, le=20, description="At most so many resources are fixed with one request.")
    second_approver_above: int = Field(
        5, ge=1, description="A request about more resources than this needs two approvers, whatever its risk."
    )
    break_glass: list[SlackApprover] = Field(
        default_factory=list,
        description="User or user group ids who may approve alone, also their own request, with a reason that everybody"
        " is told. Empty: nobody.",
    )
    finding_hours: int = Field(
        72, ge=1, description="A finding that no scan saw for so many hours must be scanned again before it is fixed."
    )
    failures_per_hour: int = Field(3, ge=1, description="After so many fixes that failed in an hour, no more are made.")
    fixes_per_hour: int = Field(10, ge=1, description="At most so many fixes are made in an hour.")
    request_hours: int = Field(24, ge=1, le=24 * 14, description="Hours until a request nobody decided on expires.")
    freezes: list[Freeze] = Field(default_factory=list, description="Windows (from, until, reason) without fixes.")

    digest_time: time = Field(time(9, 0), description="Time of day of the digest.")
    timezone: ZoneName = Field("UTC", description="Time zone of the digest, as in Europe/London.")
    digest_late: Late = Field(Late.SEND, description="A digest due while the bot was down: send (late) or skip.")
    digest_when_quiet: Quiet = Field(Quiet.LINE, description="A digest when nothing changed: line (one) or none.")
    digest_weekly: Weekday | Literal["off"] = Field(
        "monday", description="The day whose digest is the weekly edition, with seven days of change; or off."
    )
    digests: DigestTables = Field(
        default_factory=list,
        description="More digests, each in a channel of its own: channel, and accounts or owner; time and off (weekdays"
        " without one) where they differ.",
    )
    owners: dict[OwnerName, SlackUser] = Field(
        default_factory=dict,
        description="Value of an owner's tag -> id of the user who gets a direct message, once a day at most, when"
        " something of theirs is new, back, or about to be muted no longer. Empty: nobody.",
    )
    scan_hours: int = Field(6, ge=1, le=168, description="Hours between scheduled scans.")
    stale_minutes: int = Field(60, ge=1, description="`status` starts a new scan when the last is older than this.")
    call_rates: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="Service -> calls a second for each of its operations in a region, where the defaults do not fit.",
    )
    calls_at_once: int = Field(32, ge=1, description="Calls of one service that are made at once.")
    scan_calls: int = Field(200_000, ge=1, description="Calls a scan may make; what is not read by then is unknown.")
    scan_minutes: int = Field(30, ge=1, description="A scan that takes longer is stopped.")

    _local = field_validator("digest_time")(local_time)

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.fix_mode is FixMode.ON and not self.fix_role_arn:
            raise ValueError("AWS_SEC_FIX_ROLE_ARN is needed when AWS_SEC_FIX_MODE is on")
        if self.audit_old_keys and not self.audit_key.get_secret_value():
            raise ValueError("AWS_SEC_AUDIT_KEY is needed when there are AWS_SEC_AUDIT_OLD_KEYS")
        if self.digest_when_quiet is Quiet.NONE and self.digest_weekly == "off":
            raise ValueError(
                "AWS_SEC_DIGEST_WEEKLY must be a weekday when AWS_SEC_DIGEST_WHEN_QUIET is none: without any digest"
                " nobody outside the host sees the audit log's head"
            )
        return self

    @property
    def audit_keys(self) -> list[str]:
        """All keys of the audit log, the current one first; none without one."""
        return [key.get_secret_value() for key in (self.audit_key, *self.audit_old_keys) if key.get_secret_value()]

    @property
    def channels(self) -> list[str]:
        """Every channel that hears what concerns everybody; those of AWS_SEC_DIGESTS hear of what is theirs only."""
        return [*dict.fromkeys(filter(None, (self.channel, self.approvals_channel, self.digest_channel)))]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def thresholds_of(self, check: AnyCheck) -> dict[str, Any]:
        """What judge and plan of a check are told: what the settings say of it, over what they say of all."""
        of_all = {
            "customer_managed_key": self.customer_managed_keys,
            "own_accounts": tuple(self.own_accounts),
            "trusted_accounts": (*self.own_accounts, *self.trusted_accounts),
        }
        return {k: v for k, v in of_all.items() if v and k in check.thresholds} | self.thresholds.get(check.id, {})

    def is_weekly(self, day: date) -> bool:
        """Whether the digest of this local day is the weekly edition."""
        return self.digest_weekly == WEEKDAYS[day.weekday()]

    @property
    def request_lifetime(self) -> timedelta:
        return timedelta(hours=self.request_hours)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings passes all four
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**overrides: Any) -> Settings:
    """The settings; raises BadSettings in words, without any secret's value."""
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise BadSettings("; ".join(_sentence(detail) for detail in error.errors(include_input=False))) from None
    except SettingsError as error:
        raise BadSettings(_unparsed(error)) from None
    except ValueError as error:  # tomllib's
        raise BadSettings(f"{FILE} is not valid TOML: {error}") from None
    except OSError as error:
        raise BadSettings(f"{FILE} cannot be read: {error.strerror}") from None


def variable(field: str) -> str:
    """The environment variable behind a field."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{PREFIX}{field.upper()}"


def needed_to_run(settings: Settings) -> None:
    """Raise BadSettings unless all that the Slack bot cannot do without is there."""
    missing = [
        variable(field)
        for field in ("slack_bot_token", "channel", "approvals_channel")
        if not _text(getattr(settings, field))
    ]
    if not settings.slack_app_token.get_secret_value() and not settings.slack_signing_secret.get_secret_value():
        missing.append("SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
    if missing:
        raise BadSettings(f"set {', '.join(missing)}; `aws-sec doctor` tries each")


def _text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _sentence(detail: Any) -> str:
    path = [str(part) for part in detail["loc"]]
    message = detail["msg"].removeprefix("Value error, ")
    if not path:
        return str(message)
    name = variable(path[0]) if path[0] in Settings.model_fields else path[0]
    if detail["type"] == "extra_forbidden":
        hint = did_you_mean(path[0], Settings.model_fields) if len(path) == 1 else ""
        return f"{'.'.join(path)} in {FILE} is not a setting{hint}"
    return f"{name}{''.join(f'[{part}]' for part in path[1:])}: {message}"


def _refuse_unknown_variables() -> None:
    """A mistyped variable would leave a guard at its default without a word."""
    known = {variable(field).removeprefix(PREFIX): variable(field) for field in Settings.model_fields}
    for name in os.environ:
        if OF_KUBERNETES.fullmatch(name):
            continue
        if name.upper().startswith(PREFIX) and name.upper() not in known.values():
            near = nearest(name.upper().removeprefix(PREFIX), known)
            raise BadSettings(f"{name} is not a setting" + (f": did you mean {known[near]}?" if near else ""))


def _unparsed(error: SettingsError) -> str:
    found = re.search(r'field "(\w+)"', str(error))
    if not found or found[1] not in Settings.model_fields:
        return "a setting is not valid JSON"
    examples = {
        "thresholds": '{"check": {"parameter": 1}}',
        "call_rates": '{"iam": 20}',
        "fix_inputs": '{"security_contact_email": "security@example.com"}',
        "managed_by": '{"stack": "Pulumi"}',
        "account_tags": '{"123456789012": {"env": "prod"}}',
        "digests": '[{"channel": "C012AB3CD", "owner": "team-a"}]',
        "owners": '{"team-a": "U012AB3CD"}',
    }
    example = examples.get(found[1], '["one", "two"]')
    return f"{variable(found[1])} must be JSON, as in {example}"
