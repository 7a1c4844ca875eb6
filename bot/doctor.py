"""Tries what the bot stands on: settings, database, AWS, Slack. Changes nothing and posts nothing."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

import checks as catalogue
from bot import aws, recording, settings
from bot.account_tags import ACCOUNT_TAG_CALL, account_tags
from bot.aws_errors import CallError
from bot.copies import Opens, copies
from bot.digest_routes import check_accounts
from bot.fixing import TAG_CALL
from bot.ledger import CannotShip, Ledger
from bot.permissions import action, policy
from bot.quorum import quorum
from bot.recording import CannotScan
from bot.settings import BadSettings, FixMode, Settings
from bot.slack_errors import ADVICE, OF_AN_ORGANIZATION
from bot.standing import standing
from bot.store import Store, StoreError, open_store
from bot.store.owned import Owned
from bot.store.owners_told import OwnersTold
from bot.words import plural, when

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hears `@aws-sec status`",
    "commands": "offers `/aws-sec`",
    "chat:write": "answers, asks for approvals and posts the digest",
    "files:write": "puts exports into a thread",
    "users:read": "finds out whether whom steps are sent to is a person of the workspace",
    "usergroups:read": "reads who is in a user group of approvers, at each click",
    "channels:read": "hears that it was invited to a public channel, and greets there",
    "groups:read": "the same for a private channel",
    "channels:history": "finds out after a crash whether a digest is in its public channel already",
    "groups:history": "the same for a private channel",
}
"""Every scope of the manifest, and what the bot does with it."""


class Health(enum.Enum):
    """How a trial ended. OPEN: it was not tried, or is not needed. WEAK: it works, and not for everything."""

    GOOD = "✓ ok"
    BAD = "✗ bad"
    OPEN = "- not tried"
    WEAK = "! weak"

    @property
    def colour(self) -> str:
        return {Health.GOOD: "green", Health.BAD: "red", Health.OPEN: "dim", Health.WEAK: "yellow"}[self]


@dataclass(frozen=True)
class Result:
    """One thing that was tried, what was found, and what to do about it."""

    what: str
    health: Health
    found: str
    advice: str = ""


def examine() -> Iterator[Result]:
    """Every trial, as it ends."""
    try:
        config = settings.load()
    except BadSettings as error:
        yield Result("settings", Health.BAD, str(error), "correct it; docs/settings.md lists what is allowed")
        return
    yield Result("settings", Health.GOOD, "all are valid")
    yield from _database(config)
    yield from _aws(config)
    yield from _slack(config)


def _database(config: Settings) -> Iterator[Result]:
    if not config.database.exists():
        yield Result("database", Health.OPEN, f"{config.database} is made by the first scan")
        return
    try:
        store = open_store(config.database, audit_keys=config.audit_keys)
    except StoreError as error:
        yield Result("database", Health.BAD, str(error))
        return
    try:
        yield Result("database", Health.GOOD, f"{config.database} can be read and written")
        audit = store.audit.verify(store.digests.witnessed())
        yield Result(
            "audit log",
            Health.GOOD if audit.ok else Health.BAD,
            audit.problem or f"{plural(audit.rows, 'row')}, intact",
        )
        for where, opens in copies(config).items():
            yield from _audit_copy(store, where, opens)
        yield from _last_scan(store)
        yield from _owners_told(store, config)
    finally:
        store.close()


def _audit_copy(store: Store, where: str, opens: Opens) -> Iterator[Result]:
    advice = "the host's own credentials need what docs/permissions.md says of the copies of the audit log"
    try:
        copy = opens(store, where)
        row = copy.try_out()
    except (CallError, CannotShip) as error:
        yield Result("copy of the audit log", Health.BAD, str(error), advice)
        return
    yield Result(
        "copy of the audit log", Health.GOOD, f"{where} has it up to row {row}" if row else f"{where} is empty"
    )
    if not isinstance(copy, Ledger):
        return
    try:
        kept = copy.retention()
    except CallError as error:
        yield Result("its Object Lock", Health.OPEN, str(error))
        return
    unlocked = "without a default retention, who may delete objects may delete rows"
    yield Result(
        "its Object Lock",
        Health.GOOD if kept else Health.BAD,
        kept or "the bucket has none",
        unlocked if not kept else "",
    )


def _owners_told(store: Store, config: Settings) -> Iterator[Result]:
    for one in OwnersTold(store.db).unreached():
        if one.user in config.owners.values():
            found = f"on {when(one.at)}: {one.why}"
            yield Result(f"message to owner {one.user}", Health.WEAK, found, "name somebody else in AWS_SEC_OWNERS")
    last = store.scans.last()
    known = Owned(store.db).names(last.account) if last else set()
    named = dict.fromkeys([*config.owners, *(one.owner for one in config.digests if one.owner)])
    for owner in named if last else ():
        if owner not in known:
            advice = "is it spelt as in AWS, and is its key one of AWS_SEC_OWNER_TAGS?"
            yield Result(f"owner {owner}", Health.WEAK, "no tag of a resource named it at the last scan", advice)


def _last_scan(store: Store) -> Iterator[Result]:
    last = store.scans.last()
    if last is None:
        yield Result("last scan", Health.OPEN, "no complete one yet", "run `aws-sec scan`")
        return
    stands = standing(store, last.account, catalogue.load()[0].values(), datetime.now(UTC))
    if not stands.unknown:
        yield Result("last scan", Health.GOOD, f"{plural(stands.total, 'check')}, all of them read")
    for reason in stands.unknown:
        advice = "`aws-sec permissions scan` prints the policies that are needed" if ": grant " in reason else ""
        yield Result("last scan", Health.BAD, reason, advice)


def _aws(config: Settings) -> Iterator[Result]:
    role = config.role_arn or "the environment's credentials"
    try:
        home = recording.connect(config)
    except CannotScan as error:
        yield Result("AWS account", Health.BAD, str(error), f"scans use {role}")
        return
    yield Result("AWS account", Health.GOOD, f"{home.account}, with {role}")
    try:
        check_accounts(config, home.account)
    except BadSettings as error:
        yield Result("accounts of digests", Health.BAD, str(error), "correct it: `aws-sec run` does not start")
    try:
        where = recording.target(config, home)
    except CannotScan as error:
        yield Result("regions", Health.BAD, str(error))
    else:
        off = f"; not enabled: {', '.join(where.off)}" if where.off else ""
        yield Result("regions", Health.BAD if off else Health.GOOD, ", ".join(where.regions) + off)
    if config.protected_tags:
        yield _tags(home)
        yield _account_tags(config, home)
    yield _write_role(config)


def _tags(home: aws.Region) -> Result:
    try:
        home.call(TAG_CALL, ResourcesPerPage=1)
    except CallError as error:
        advice = f"without {action(TAG_CALL)} every fix is refused, because a tag may protect the resource"
        return Result("protected tags", Health.BAD, str(error), advice)
    return Result("protected tags", Health.GOOD, "tags can be read")


def _account_tags(config: Settings, home: aws.Region) -> Result:
    found = account_tags(config, home)
    if found is None:
        advice = (
            f"without them every fix is refused, because one may protect the account: name them under {home.account}"
        )
        return Result(
            "account's tags", Health.BAD, "AWS Organizations tells them to its management account and delegated"
            " administrators only", f"{advice} in AWS_SEC_ACCOUNT_TAGS, or grant {action(ACCOUNT_TAG_CALL)} there",
        )  # fmt: skip
    return Result(
        "account's tags", Health.GOOD, ", ".join(f"{key}={value}" for key, value in found) or "there are none"
    )


def _write_role(config: Settings) -> Result:
    if config.fix_mode is not FixMode.ON:
        return Result("write role", Health.OPEN, f"not needed: AWS_SEC_FIX_MODE is {config.fix_mode}")
    harmless = policy(["sts:GetCallerIdentity"])
    try:
        aws.write_session(
            config.fix_role_arn, policy=json.dumps(harmless), name="aws-sec-doctor", external_id=config.fix_external_id
        )
    except CallError as error:
        advice = "its trust policy must allow sts:AssumeRole and sts:SetSourceIdentity: see docs/permissions.md"
        return Result("write role", Health.BAD, str(error), advice)
    return Result("write role", Health.GOOD, f"{config.fix_role_arn} can be assumed")


def _slack(config: Settings) -> Iterator[Result]:
    begun = config.slack_bot_token.get_secret_value() or config.channel  # who sets these means to run the bot
    try:
        settings.needed_to_run(config)
    except BadSettings as error:
        health = Health.BAD if begun else Health.OPEN
        yield Result("Slack settings", health, str(error).partition(";")[0], "needed by `aws-sec run` only")
    if not config.slack_bot_token.get_secret_value():
        yield from approving(config, {}) if begun else ()
        return
    bot = WebClient(config.slack_bot_token.get_secret_value(), base_url=config.slack_api_url, timeout=10)
    token = _bot_token(bot)
    yield token
    yield _connection(config)
    if token.health is Health.BAD:
        yield from approving(config, {})
        return
    for field in ("channel", "approvals_channel", "digest_channel"):
        if channel := getattr(config, field):
            yield _channel(bot, field.replace("_", " "), channel)
    for one in config.digests:
        yield _channel(bot, f"digest of {one.owner or ', '.join(one.accounts)} in", one.channel)
    for owner, user in config.owners.items():
        yield _owner(bot, owner, user)
    limited = [id for limit in config.limits for id in limit.who]
    groups: dict[str, Collection[str]] = {}
    for group in sorted(
        {id for id in (*config.approvers, *config.requesters, *config.viewers, *limited) if id[0] == "S"}
    ):
        yield _group(bot, group, groups)
    yield from approving(config, groups)


def approving(config: Settings, groups: Mapping[str, Collection[str]]) -> Iterator[Result]:
    """Whether there are people enough to approve. `groups`: the members of those that Slack told of."""
    people = quorum(config, groups)
    if people is None:
        yield Result("approvers", Health.OPEN, "not counted, because Slack does not tell who is in their user groups")
    elif not people.approvers:
        yield Result("approvers", Health.BAD, "nobody may approve a fix", "set AWS_SEC_APPROVERS")
    elif people.shortage:
        found = f"there {_are(len(people.approvers))}: {people.shortage}"
        yield Result("approvers", Health.WEAK, found, "add more to AWS_SEC_APPROVERS")
    else:
        yield Result("approvers", Health.GOOD, f"there {_are(len(people.approvers))}")


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count}"


def _bot_token(bot: WebClient) -> Result:
    try:
        answer = bot.auth_test()
    except (SlackClientError, OSError) as error:
        return _refused("SLACK_BOT_TOKEN", error)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    missing = [scope for scope in SCOPES if scope not in granted] if granted != {""} else []
    if missing:
        return Result("SLACK_BOT_TOKEN", Health.BAD, f"lacks {', '.join(missing)}", ADVICE["missing_scope"])
    if answer.get("is_enterprise_install"):
        return Result("SLACK_BOT_TOKEN", Health.BAD, OF_AN_ORGANIZATION)
    return Result("SLACK_BOT_TOKEN", Health.GOOD, f"{answer['user']} in workspace {answer['team']}")


def _connection(config: Settings) -> Result:
    token = config.slack_app_token.get_secret_value()
    if not token:
        secret = config.slack_signing_secret.get_secret_value()
        found = "set; only a request from Slack can try it" if secret else "neither it nor SLACK_APP_TOKEN is set"
        return Result("SLACK_SIGNING_SECRET", Health.OPEN if secret else Health.BAD, found)
    try:
        WebClient(token, base_url=config.slack_api_url, timeout=10).apps_connections_open(app_token=token)
    except (SlackClientError, OSError) as error:
        return _refused("SLACK_APP_TOKEN", error)
    return Result("SLACK_APP_TOKEN", Health.GOOD, "Socket Mode can be opened")


def _channel(bot: WebClient, what: str, channel: str) -> Result:
    try:
        bot.conversations_history(channel=channel, limit=1)
    except (SlackClientError, OSError) as error:
        return _refused(f"{what} {channel}", error)
    return Result(f"{what} {channel}", Health.GOOD, "the bot is in it")


def _owner(bot: WebClient, owner: str, user: str) -> Result:
    what = f"owner {owner}, {user}"
    try:
        found = bot.users_info(user=user)["user"]
    except (SlackClientError, OSError) as error:
        return _refused(what, error)
    if found.get("deleted") or found.get("is_bot"):
        advice = "name somebody else in AWS_SEC_OWNERS"
        return Result(what, Health.BAD, "a bot" if found.get("is_bot") else "the account is deactivated", advice)
    return Result(what, Health.GOOD, "a person of the workspace")


def _group(bot: WebClient, group: str, groups: dict[str, Collection[str]]) -> Result:
    """Keeps its members in `groups`."""
    try:
        members = bot.usergroups_users_list(usergroup=group)["users"]
    except (SlackClientError, OSError) as error:
        return _refused(f"user group {group}", error)
    groups[group] = members
    return Result(f"user group {group}", Health.GOOD, plural(len(members), "member"))


def _refused(what: str, error: Exception) -> Result:
    if not isinstance(error, SlackApiError):
        return Result(what, Health.BAD, f"Slack could not be reached ({type(error).__name__})", "check the network")
    code = str(error.response.get("error", "an unknown error"))
    return Result(what, Health.BAD, f"Slack answered {code}", ADVICE.get(code, "see that error at docs.slack.dev"))
