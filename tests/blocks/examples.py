"""Every message and modal there is, made of given words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.blocks import (
    batches,
    charts,
    checklists,
    digest,
    drill,
    findings,
    freezes,
    home,
    mutes,
    owner_notes,
    pages,
    requests,
    status,
)
from bot.blocks import help as helping
from bot.blocks.drill import Frame
from bot.blocks.native import Drawn
from bot.blocks.parts import Message, say, sentence, wait
from bot.blocks.text import visible
from bot.bulk import BatchProposal
from bot.checklists import Looked
from bot.compliance import Control, Report, Stand
from bot.digest import Digest, Edition, People
from bot.drill import CheckStanding
from bot.ids import OfList, Spot
from bot.owner_notes import OwnerNote
from bot.ownership import Owner
from bot.people import Rights
from bot.remediate import Proposal
from bot.runner import Progress
from bot.scan import Status
from bot.settings import FixMode, Freeze
from bot.standing import PracticeStanding, Standing
from bot.store.audit import Head, Verification
from bot.store.findings import Finding
from bot.store.fix_request import Batch, FixRequest, State, plan_hash
from bot.store.freezes import Frozen
from bot.store.mutes import Mute
from bot.store.scans import Score
from bot.store.tallies import Choices
from bot.trend import Day, Trend
from bot.weekly import Week
from checks import Guide, s3
from checks.kit import Call, Plan, Practice, Risk, Severity
from handlers.errors import refusal

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
ACCOUNT = "123456789012"
# Words of their own: what the catalogue says changes, and no message with it.
CHECK = replace(
    s3.bucket_blocks_public_access,
    title="S3 bucket blocks public access",
    why="With all four blocks on, one careless ACL or policy cannot expose the bucket.",
    how="Turn on all four settings of Block Public Access on the bucket.",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
FIX = replace(s3.block_public_access, title="Turn on all four public access blocks", risk=Risk.CUTS_ACCESS)
FIXES = {CHECK.id: FIX}
GUIDE = Guide(
    "S3 > Buckets > <the bucket> & its permissions > *Edit*.",
    cli="aws s3api put-public-access-block --bucket BUCKET --public-access-block-configuration 'BlockPublicAcls=true'",
    cloudformation="Type: AWS::S3::Bucket\nProperties:\n  BucketName: `<name>`",
    only="Terraform: <it> has *no* resource for it.",
)
STEPS = Guide(
    "Sign in as <root>.",
    only="Only *somebody* who signs in as root can do it.",
    steps=("Sign in as <root> & open *Security credentials*.", "Choose Assign :key:."),
    link="https://console.aws.amazon.com/iam/home#/security_credentials",
)
CONTROLS = {"cis_3.0": ["2.1.4"], "fsbp": ["S3.8"]}
HEAD = Head(42, "c0ffee" * 10 + "c0ff")
COMPLIANCE = Report(
    "A benchmark <1>",
    [
        Control("1.1", Stand.NOT_COVERED, 0, (), "Manual: ask somebody."),
        *(Control(f"2.{n}", Stand.FAIL, n, ("s3.bucket_blocks_public_access",) * 3) for n in range(1, 41)),
        *(Control(f"3.{n}", Stand.UNKNOWN, 0, ("kms.key_rotates",)) for n in range(1, 41)),
        *(Control(f"4.{n}", Stand.PASS, 0, ("kms.key_rotates",)) for n in range(1, 301)),
    ],
)
ANA, BEN = "T1/U01ANA", "T1/U02BEN"


@dataclass(frozen=True)
class Words:
    """What AWS and people say. `much`: how many of everything."""

    name: str = "northwind-exports"
    text: str = "leaves BlockPublicAcls off"
    reason: str = "exports hold customer data"
    much: int = 2


ORDINARY = Words()


def all_of(words: Words) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and payload of each message and modal."""
    for name, made in [*_messages(words), *_of_freezes(words), *_of_mutes(words), *_of_requests(words)]:
        yield name, made.payload() if isinstance(made, Message) else made


def finding(words: Words, id: int = 1, **changes: Any) -> Finding:
    usual = Finding(
        id, ACCOUNT, "us-east-1", CHECK.id, f"arn:aws:s3:::{words.name}", words.name, words.text, Severity.HIGH,
        "least_privilege", "open", NOW, NOW - timedelta(days=3), NOW, None, None, None, None,
    )  # fmt: skip
    return replace(usual, **changes)


def plan(words: Words) -> Plan:
    """As many settings and calls as there are to be of everything."""
    many = range(words.much)
    calls = [Call("s3:PutPublicAccessBlock", {"Bucket": words.name, f"Setting{n}": words.text}) for n in many]
    before, after = ({f"{words.name}{n}": f"{state} {words.text}" for n in many} for state in ("off", "on"))
    return Plan(calls, calls, before, after, [words.text for _ in many])


def request(words: Words, state: State = State.WAITING, **changes: Any) -> FixRequest:
    made, ended = plan(words), state not in (State.WAITING, State.APPROVED, State.RUNNING, State.UNDOING)
    usual = FixRequest(
        7, 1, ACCOUNT, "us-east-1", CHECK.id, f"arn:aws:s3:::{words.name}", words.name, made, plan_hash(made), "on",
        state, ANA, words.reason, NOW, NOW + timedelta(days=1), None if state is State.WAITING else BEN, BEN,
        NOW if ended else None, words.text if ended else "", dict(made.after) if ended else None, [],
    )  # fmt: skip
    return replace(usual, **{"approvals": [] if usual.approver is None else [usual.approver], **changes})


def standing(words: Words) -> Standing:
    practices = tuple(PracticeStanding(p, 50, Counter({3: 1, 4: 2}), 2, 3) for p in Practice)
    unknown = tuple(f"{words.text} {n}" for n in range(words.much))
    return Standing(ACCOUNT, 50, practices, Counter({3: 12, 4: 24}), 24, 36, unknown, 2, NOW - timedelta(minutes=5))


def news(words: Words, **changes: Any) -> Digest:
    many = [finding(words, id) for id in range(1, words.much + 1)]
    muted = [replace(f, muted_until=NOW + timedelta(days=2), muted_by=ANA, muted_reason=words.reason) for f in many]
    before = Score(NOW - timedelta(days=1), 47, {}, 40)
    owners = {"": Counter({4: 12, 3: 4}), words.name[:256]: Counter({4: 12}), "team-b": Counter({3: 8})}
    usual = Digest(
        Edition("2026-03-02 09:00"), standing(words), before, NOW - timedelta(days=1), many, many, many,
        People({1: request(words, State.FIXED)}), many[:3], [request(words) for _ in many], muted, HEAD,
        by_owner=owners,
    )  # fmt: skip
    return replace(usual, **changes)


def _messages(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    one, stands, score = finding(words), standing(words), Score(NOW, 45, {}, 40)
    given: dict[str, Any] = {"fixes": FIXES, "now": NOW}
    progress = Progress(3, 40, words.text, 1)
    at_all: dict[str, Any] = {"at": Spot(), **given}
    yield "status", status.status(stands, [one, one, one], before=score, progress=None, **at_all)
    yield "status_scanning", status.status(stands, [], before=None, progress=progress, **at_all)
    empty = replace(stands, score=None, practices=(), open=Counter(), read=0, unknown=(), muted=0, scanned_at=None)
    yield "status_nothing_read", status.status(empty, [], before=None, progress=None, **at_all)
    yield "first_scan", status.scanning(ACCOUNT, progress)
    counts = {"pass": 3, "fail": 1, "unknown": 0, "not applicable": 2}
    yield "check_result", status.check_result(CHECK, counts, [one, one, one], [words.text] * words.much, **given)

    yield from _of_drilling(words)
    explained = findings.explanation(CHECK, FIX, GUIDE, CONTROLS, one, NOW)
    yield "explanation", findings.explanation_message(CHECK, explained, one, FIXES, NOW)
    yield "explanation_modal", findings.explanation_modal(explained)
    yield "mute_modal", findings.mute_modal(one, NOW, "C012AB3CD")

    yield from _of_checklists(words)

    yield from _of_digests(words)
    yield from _of_help(words)
    rows = [_audited(words, seq) for seq in range(1, 16)]
    yield from _both("compliance", pages.compliance_page("cis_5.0", COMPLIANCE))
    yield from _of_trends()
    yield "audit", pages.audit_page(rows, HEAD, ZONE)
    yield "audit_of_request", pages.audit_page(rows[:1], HEAD, ZONE, 7)
    yield "audit_empty", pages.audit_page([], HEAD, ZONE)
    yield "verified", pages.verification(Verification(42, HEAD, 0), HEAD)
    yield "verified_without_a_key", pages.verification(Verification(42, HEAD, 42), HEAD)
    yield "altered", pages.verification(Verification(3, HEAD, 0, f"row 4 was changed {words.text}"), None)
    yield "refusal", refusal(f"there is no check {words.text}: `/aws-sec explain 12` names its check")
    yield "sentence", sentence("The digest is in <#C012AB3CD>.")
    yield "wait", wait("Working on it…")
    yield "say", say("Denied", "Request 7 is denied. Nothing was changed.")


def _of_help(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    approvers = ["U02BEN", "S01APPROVERS"] * words.much
    yield "help", helping.help_page(approvers, Rights(ask=True, approve=True, break_glass=False))
    yield "help_for_a_viewer", helping.help_page(approvers, Rights(ask=False, approve=False, break_glass=False))
    yield "help_while_slack_is_silent", helping.help_page([], None)
    yield "did_you_mean", helping.did_you_mean(words.text, "findings", words.text)
    yield "greeting", helping.greeting("U01ANA")
    yield "greeting_of_nobody", helping.greeting("")


def frame(at: Spot, **changes: Any) -> Frame:
    usual = Frame(at, NOW, ZONE, NOW - timedelta(minutes=5))
    return replace(usual, **changes)


def _of_drilling(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    """From a status down to one resource; filtered by all there is, and by names as long as they come."""
    one, stands, score = finding(words, owner=words.name), standing(words), Score(NOW, 45, {"least_privilege": 40}, 40)
    muted = replace(one, muted_until=NOW + timedelta(days=2), muted_by=ANA, muted_reason=words.reason)
    name = visible(words.name)[:100]
    narrow = OfList(severity=3, region="us-east-1", service="s3", owner="ana", days=7)
    widest = OfList(
        severity=1, muted=True, text=name, account="1" * 30, region="r" * 30, service="s" * 40, owner=name, days=9
    )
    choices = Choices(
        {"us-east-1": 7, "eu-west-1": 2}, {"s3": 9}, {words.name: 3, **{f"{words.name} {n}": 1 for n in range(80)}},
        (ACCOUNT, "999999999999"),
    )  # fmt: skip
    progress = Progress(3, 40, words.text, 1)
    both: dict[str, Any] = {"fixes": FIXES, "now": NOW, "before": score, "progress": None}
    filtered = Spot(asked=narrow, menus=True)
    yield "status_filtered", status.status(stands, [one], at=filtered, choices=choices, **both)
    crowded = Spot(asked=widest, menus=True)
    yield "status_filtered_by_much", status.status(stands, [one], at=crowded, choices=choices, scans=False, **both)

    (practice,) = [one for one in stands.practices if one.practice is Practice.LEAST_PRIVILEGE]
    checks = [
        CheckStanding("s3.first", words.text, 4, 1_234, 9, 0),
        CheckStanding("s3.second", "S3 bucket blocks public access", 3, 3, 0, 1, (words.text,)),
        *(CheckStanding(f"kms.n{n}", words.text or "-", 2, 0, 9, n + 1) for n in range(8)),
        *(CheckStanding(f"iam.n{n}", words.text or "-", 1, 0, 9, 0) for n in range(8)),
    ]
    at = Spot(asked=narrow.model_copy(update={"practice": "least_privilege"}))
    yield (
        "practice",
        drill.practice_page(frame(Spot(asked=OfList(practice="least_privilege"))), practice, checks, score),
    )
    second = at.model_copy(update={"checks_page": 1, "menus": True})
    yield "practice_second_page", drill.practice_page(frame(second, choices=choices), practice, checks, score)
    yield "practice_nothing", drill.practice_page(frame(at, progress=progress), practice, [], None)

    asked = at.asked.model_copy(update={"check": CHECK.id, "page": 1})
    at = at.model_copy(update={"asked": asked, "checks_page": 1})
    page = findings.Page(asked, [one, muted] * 4, 20, drill.RESOURCES)
    yield "check", drill.check_page(frame(at), checks[1], CHECK, page, fixes=FIXES)
    wide = at.model_copy(update={"asked": widest.model_copy(update={"check": CHECK.id}), "menus": True})
    page = findings.Page(wide.asked, [], 0, drill.RESOURCES)
    many = replace(checks[1], failed=0, reasons=(words.text,) * 9)
    yield "check_nothing", drill.check_page(frame(wide, choices=choices), many, None, page, fixes=FIXES)

    resource: dict[str, Any] = {"title": words.text, "fixes": FIXES}
    at = at.model_copy(update={"finding": 1})
    back = replace(one, first_seen=NOW - timedelta(days=90))
    yield "resource", drill.resource_page(frame(at, account_name=words.name), back, request=7, **resource)
    flat = Spot(flat=True, finding=1)
    yield "resource_muted", drill.resource_page(frame(flat, progress=progress), replace(muted, owner=""), **resource)
    over = replace(one, state="resolved", resolved_at=NOW, resource=words.name)
    yield "resource_resolved", drill.resource_page(frame(Spot(finding=1), scans=False), over, **resource)

    asked = OfList(practice="least_privilege", severity=3, text=name, page=1)
    listed = frame(Spot(asked=asked, flat=True))
    yield "findings", drill.list_page(listed, findings.Page(asked, [one, muted] * 2, 12), fixes=FIXES)
    none = frame(Spot(asked=OfList(muted=True), flat=True))
    yield "findings_none", drill.list_page(none, findings.Page(OfList(muted=True), [], 0), fixes=FIXES)


def _both(name: str, made: Message) -> Iterator[tuple[str, Message]]:
    """A message with what Slack draws itself, and what is sent where it does not."""
    assert isinstance(made, Drawn)
    yield name, made
    yield f"{name}_where_slack_draws_nothing", made.plain


def _of_digests(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    def drawn(news: Digest, **about: Any) -> Message:
        return digest.digest(replace(news, edition=replace(news.edition, **about)), fixes=FIXES, now=NOW, zone=ZONE)

    usual = news(words)
    gone = [replace(f, state="resolved", resolved_at=NOW) for f in usual.opened]
    request_undone = {1: request(words, State.UNDONE, undoer=BEN)}
    people = People({1: request(words, State.FIXED)}, request_undone, {one.id: ANA for one in gone})
    yield "digest", drawn(replace(usual, resolved=gone, by=people))
    yield "digest_later_that_day", drawn(replace(usual, opened=gone))
    calm = news(words, opened=[], reopened=[], resolved=[], waiting=[], mutes_ending=[])
    yield "digest_late_and_calm", drawn(calm, late=timedelta(hours=2))
    yield "digest_first", drawn(replace(calm, since=None, before=None))
    yield "digest_asked_for", drawn(calm, asked_by=ANA)
    yield "digest_quiet", drawn(replace(calm, quiet=True, todo=[], before=None), late=timedelta(hours=2))
    month = [
        Day(NOW.date() - timedelta(days=ago), 62 - ago // 2, {4: 2, 3: 1 + ago}, scanned=True) for ago in range(30)
    ]
    week = Week(timedelta(days=3, hours=2), usual.opened[:5], Trend(ACCOUNT, month[::-1], 30))
    yield from _both("digest_weekly", drawn(replace(usual, week=week), weekly=True))
    hers = replace(standing(words), score=None, open=Counter({4: 2, 3: 1}), muted=1)
    owner = _owner(words)
    owned: dict[str, Any] = {"route": f"C012AB3CD {owner}", "owner": owner}
    scoped = replace(usual, standing=hers, before=None, by_owner={})
    yield "digest_of_an_owner", drawn(scoped, **owned)
    yield "digest_of_an_owner_quiet", drawn(replace(scoped, quiet=True, todo=[]), **owned)
    yield "digest_of_an_owner_weekly", drawn(replace(scoped, week=replace(week, trend=None)), weekly=True, **owned)
    note = OwnerNote(ACCOUNT, (owner, "team-b"), usual.opened, usual.reopened, usual.mutes_ending)
    yield "owner_note", owner_notes.owner_note(note, "U01ANA", fixes=FIXES, now=NOW, zone=ZONE)
    yield "owner_notes_stopped", owner_notes.stopped("U01ANA")
    yield "owner_notes_resumed", owner_notes.resumed("U01ANA")


def _owner(words: Words) -> str:
    """As the settings take it."""
    return visible(words.name)[:256].strip() or "team-a"


def _of_trends() -> Iterator[tuple[str, Message | dict[str, Any]]]:
    def day(ago: int, open: Counter[int] | None) -> Day:
        return Day(NOW.date() - timedelta(days=ago), 62 - ago // 2, open, scanned=ago % 3 != 1)

    month = [day(ago, Counter({4: 1 + ago // 10, 3: 9 + ago // 4, 2: 12, 1: 4})) for ago in reversed(range(30))]
    yield from _both("trend", charts.trend_page(Trend(ACCOUNT, month, 30)))
    yield "trend_of_few_days", charts.trend_page(Trend(ACCOUNT, month[-2:], 7))
    yield "trend_of_no_day", charts.trend_page(Trend(ACCOUNT, [], 90))
    before_charts = [day(ago, None) for ago in reversed(range(90))]
    yield "trend_without_severities", charts.trend_page(Trend(ACCOUNT, before_charts, 90))


def _of_freezes(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    one, stands, score = finding(words), standing(words), Score(NOW, 45, {}, 40)
    given: dict[str, Any] = {"fixes": FIXES, "now": NOW}
    declared = [Frozen(n, tag, NOW, NOW + timedelta(2), words.reason, ANA) for n, tag in enumerate(["", words.name], 1)]
    window = Freeze.model_validate({"from": NOW, "until": NOW + timedelta(days=9), "reason": words.reason})
    yield "freezes", freezes.freezes_page(declared, [window] * words.much, ZONE)
    rights = Rights(ask=True, approve=True, break_glass=True)
    waiting = [request(words, id=n) for n in range(1, 8)]
    yours = {_owner(words): Counter({4: 2, 3: 7}), "nobody-yet": Counter[int]()}
    full = home.Home(stands, rights, waiting, [request(words, State.FIXED), *waiting], declared, "U01ANA", yours)
    zoned: dict[str, Any] = {"now": NOW, "zone": ZONE}
    yield "home", home.home_view(full, fixes=FIXES, **zoned)
    none = replace(
        full,
        rights=Rights(ask=False, approve=False, break_glass=False),
        waiting=[],
        own=[],
        freezes=[],
        yours={"ana": Counter({2: 1})},
        told=False,
    )
    yield "home_of_a_viewer", home.home_view(none, fixes={}, **zoned)
    yield "home_of_a_stranger", home.nothing_to_see("you belong to another workspace")
    yield (
        "status_modal",
        status.status_modal(status.status(stands, [one], before=score, progress=None, at=Spot(), **given)),
    )
    yield "freezes_none", freezes.freezes_page([], [], ZONE)
    yield "freeze_begun", freezes.frozen(declared[1], ZONE)
    yield "freeze_ended", freezes.frozen(declared[1], ZONE, ended_by=ANA)


def _of_mutes(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    until = NOW + timedelta(days=2)
    both = [Mute(n, ACCOUNT, CHECK.id, o, NOW, until, words.reason, ANA, n) for n, o in enumerate(["", words.name], 1)]
    tag = f"env={words.name}"[:300]
    of_a_tag = Mute(3, ACCOUNT, "", "", NOW, until, words.reason, ANA, 40, tag)
    yield "mutes", mutes.mutes_page([*both, of_a_tag] * words.much, ZONE)
    yield "mute_tag_modal", mutes.tag_modal(tag, "C012AB3CD")
    yield "mutes_none", mutes.mutes_page([], ZONE)
    yield "mute_modal_with_an_owner", findings.mute_modal(finding(words, owner=words.name), NOW, "C012AB3CD")
    hidden = finding(words, muted_until=until, muted_by=ANA, muted_reason=words.reason, mute=1)
    page = findings.Page(OfList(muted=True), [hidden], 1)
    yield "findings_of_a_mute", drill.list_page(frame(Spot(asked=page.asked, flat=True)), page, fixes=FIXES)
    ends = news(words, opened=[], reopened=[], resolved=[], waiting=[], scopes_ending=both)
    yield "digest_with_mutes_that_end", digest.digest(ends, fixes=FIXES, now=NOW, zone=ZONE)


def _of_checklists(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    for name, guide in {"": STEPS, "_by_command": replace(GUIDE, steps=STEPS.steps)}.items():
        yield f"checklist_modal{name}", checklists.checklist_modal(finding(words), CHECK, guide, "C012AB3CD")
        yield f"checklist{name}", checklists.checklist(finding(words), CHECK, guide, ANA, words.reason)
    for outcome in (Status.PASS, Status.FAIL, Status.UNKNOWN):
        looked = Looked(outcome, words.text)
        said = checklists.answer(finding(words), CHECK, looked)
        yield f"checklist_modal_{outcome}", checklists.checklist_modal(finding(words), CHECK, STEPS, "", said)
        yield f"checked_{outcome}", checklists.answer_message(finding(words), CHECK, looked)
    mine = finding(words, check_id="iam_root.root_has_mfa")
    page = findings.Page(OfList(), [mine], 1)
    yield "findings_for_a_person", drill.list_page(frame(Spot(flat=True)), page, fixes=FIXES)
    explained = findings.explanation(CHECK, FIX, STEPS, CONTROLS, None, NOW)
    yield "explanation_with_steps", findings.explanation_message(CHECK, explained, None, FIXES, NOW)


def _of_requests(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    made = plan(words)
    proposal = Proposal(finding(words), FIX, made, plan_hash(made), FixMode.ON)
    yield "plan_modal", requests.plan_modal(proposal, GUIDE, "C012AB3CD")
    dry = replace(proposal, mode=FixMode.DRY_RUN, plan=replace(made, undo=[]))
    yield "plan_modal_dry_run", requests.plan_modal(dry, GUIDE, "C012AB3CD")
    for tool in ("CloudFormation", "CDK", "Terraform"):
        owned = replace(proposal, owner=Owner(tool, "" if tool == "Terraform" else words.name))
        yield f"plan_modal_of_{tool.lower()}", requests.plan_modal(owned, GUIDE, "C012AB3CD")
    for state in State:
        yield f"card_{state}", requests.card(request(words, state), FIX, "approval", ZONE)
    for state in (State.WAITING, State.FIXED):
        yield f"notice_{state}", requests.card(request(words, state), FIX, "notice", ZONE)
    yield "card_of_a_fix_that_is_gone", requests.card(request(words, mode="dry-run"), None, "approval", ZONE)
    first = request(words, needed=2, approvals=["T1/U02BEN"])
    yield "card_that_needs_two", requests.card(first, FIX, "approval", ZONE, glass=True)
    alone = request(words, State.FIXED, broke_glass=words.reason)
    yield "card_of_one_alone", requests.card(alone, FIX, "approval", ZONE)
    yield "glass_modal", requests.glass_modal(request(words), FIX, "C012AB3CD")
    yield "glass_broken", requests.glass_broken(alone, FIX)
    yield from _of_batches(words)
    yield "deny_modal", requests.deny_modal(request(words), "C012AB3CD")
    yield "undo_modal", requests.undo_modal(request(words, State.FIXED), FIX, "C012AB3CD")


def _of_batches(words: Words) -> Iterator[tuple[str, Message | dict[str, Any]]]:
    made = plan(words)
    proposals = [Proposal(finding(words, n), FIX, made, plan_hash(made), FixMode.DRY_RUN) for n in (1, 2)]
    left = {f"{words.name}{n}": words.text for n in range(words.much)}
    yield "batch_modal", batches.batch_modal(BatchProposal(proposals, left), FIX, "C012AB3CD")

    def batch(*states: State, **changes: Any) -> Batch:
        return Batch(3, [request(words, state, id=n, batch=3, **changes) for n, state in enumerate(states, 7)], [])

    for name, one in {
        "waiting": batch(State.WAITING, State.WAITING),
        "needs_two": batch(State.WAITING, State.WAITING, needed=2, approvals=["T1/U02BEN"]),
        "running": batch(State.FIXED, State.RUNNING, State.APPROVED),
        "failed": batch(State.FIXED, State.FAILED, State.FAILED),
        "fixed": batch(State.FIXED, State.MOOT),
        "undone": batch(State.FIXED, State.UNDONE),
        "denied": batch(State.DENIED, State.DENIED),
    }.items():
        yield f"batch_{name}", batches.batch_card(one, FIX, "approval", ZONE)
    yield "batch_notice", batches.batch_card(batch(State.WAITING, State.WAITING), None, "notice", ZONE)
    yield "deny_all_modal", batches.deny_all_modal(batch(State.WAITING), "C012AB3CD")
    yield "undo_all_modal", batches.undo_all_modal(batch(State.FIXED, State.FIXED), "C012AB3CD")


def _audited(words: Words, seq: int) -> dict[str, Any]:
    return {
        "seq": seq, "at": NOW.isoformat(), "actor": ANA, "action": "fix.requested", "subject": words.name,
        "request_id": seq, "result": "refused", "detail": {"why": words.reason},
    }  # fmt: skip
