"""The life of a fix: propose, approve, re-read, do, verify, undo. The database decides, whatever a button says."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.aws import Region
from bot.execute import Executor, Refusal
from bot.fixing import FixAws, Seen
from bot.guards import TO_UNDO, limit
from bot.ownership import DIRECTLY, Owner, means_directly, owner, stack_of
from bot.people import BOT, Person
from bot.scan import Status
from bot.settings import FixMode, Limit, Settings
from bot.store import Store
from bot.store.findings import Filter, Finding, NoSuchFinding
from bot.store.fix_request import OPEN, FixRequest, New, State, plan_hash
from bot.store.requests import NoSuchRequest, ResourceBusy
from bot.store.untold import Untold
from checks.kit import Fix, Plan

__all__ = ["Proposal", "Refusal", "Remediator", "can_undo"]

LOOKED_AT = 500
"""Findings of one check that are looked at for one request."""
NOT_AN_APPROVER = "only an approver may decide on this request; `/aws-sec help` names them"
STOPPED = "the bot stopped in the middle"


@dataclass(frozen=True)
class Proposal:
    """What would be done about a finding. `within`: the ARN of what it is part of, or ""; `owner`: code's, if any."""

    finding: Finding
    fix: Fix
    plan: Plan
    plan_hash: str
    mode: FixMode
    within: str = ""
    needed: int = 1
    owner: Owner | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Remediator:
    """Every decision about a fix and every write to AWS goes through here."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        fixes: Mapping[str, Fix],
        aws: FixAws,
        now: Callable[[], datetime] = _utc_now,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._execute = Executor(settings, store, fixes, aws, now, pause)
        self._one_at_a_time = threading.Lock()  # the hourly cap is counted, then used: nobody may slip in between

    def propose(self, finding_id: int, actor: Person) -> Proposal:
        """Read the resource and work out the plan, which is audited, as is a Refusal. Raises Refusal."""
        with self._refusals(finding_id, "fix.proposed", actor):
            proposal = self._propose(finding_id)
        about, detail = proposal.finding.resource, {"check": proposal.finding.check_id, "finding": finding_id}
        self._store.audit.append(
            "fix.proposed", actor=str(actor), subject=about, plan_hash=proposal.plan_hash, detail=detail
        )
        return proposal

    def proposals(self, check_id: str, actor: Person) -> tuple[list[Proposal], dict[str, str]]:
        """What would be done about all open findings of a check, worst first, and why not for the others, by name.

        Raises Refusal, which is audited, when nothing can be done about any.
        """
        left: dict[str, str] = {}
        found: list[Proposal] = []
        with self._refusals(0, "fix.proposed", actor, subject=check_id):
            fix = self._execute.fix(check_id)
            findings = self._store.findings.search(Filter(check_id=check_id), self._now(), limit=LOOKED_AT)
            findings = sorted(findings, key=lambda finding: (-finding.severity, finding.name, finding.region))
            if not findings:
                raise Refusal(f"no finding of {check_id} is open: `/aws-sec check {check_id}` looks again")
            home, seen = self._execute.look_at_all(fix, findings)
            busy = {(r.account, r.region, r.resource): r.id for r in self._store.requests.in_state(*OPEN)}
            for finding in findings:
                if len(found) == self._settings.batch_size:
                    left[finding.name] = "one request is for fewer (AWS_SEC_BATCH_SIZE): ask again for the rest"
                    continue
                if number := busy.get((finding.account, finding.region, finding.resource)):
                    left[finding.name] = f"fix request {number} is still open"
                    continue
                try:
                    proposal = self._proposal(finding, fix, home, seen[finding.id])
                except Refusal as error:
                    left[finding.name] = str(error)
                    continue
                if proposal.owner:
                    left[finding.name] = _better_in_code(proposal)
                else:
                    found.append(proposal)
            if not found:
                raise Refusal(f"nothing can be fixed: {next(iter(left))}: {next(iter(left.values()))}")
        return found, left

    def request(  # what, who, why
        self,
        finding_id: int,
        shown: str,
        actor: Person,
        reason: str,
        limits: Sequence[Limit] = (),
        directly: str = "",
    ) -> FixRequest:
        """Ask for approval of the plan that was shown (its hash). Raises Refusal, which is audited.

        `limits`: those of the settings that name this person. `directly`: what the person typed to have changed what
        code owns.
        """
        with self._refusals(finding_id, "fix.requested", actor):
            self.keep_within(limits, "request", self._finding(finding_id))
            proposal = self._propose(finding_id)
            if proposal.plan_hash != shown:
                raise Refusal("the resource changed since you looked at it: open the fix again to see the new plan")
            if not reason.strip():
                raise Refusal("a reason is needed: the approver and the audit log will read it")
            if proposal.owner and not means_directly(directly):
                raise Refusal(f"{proposal.owner} manages this resource: change it there, or open the fix again and type"
                              f" {DIRECTLY}")  # fmt: skip
            try:
                return self._store.requests.create(self.new(proposal, actor, reason.strip()))
            except ResourceBusy as error:
                raise Refusal(f"{error}: decide on that one first") from error

    def check_approval(self, request: FixRequest, actor: Person, approvers: Collection[str], limits: Sequence[Limit],
                       shown: str) -> None:  # fmt: skip
        """Raise Refusal unless this person may approve this request now, having been shown this plan."""
        self._decider(request, actor, approvers)
        self.keep_within(limits, "approve", self._finding(request.finding_id))
        self._still_waits(request, shown)
        if request.state is not State.WAITING:
            raise Refusal(f"the request is {request.state} already")
        if actor.user in {Person.parse(one).user for one in request.approvals}:
            raise Refusal("you approved already: this fix needs another person, too")

    def approve(
        self, request_id: int, shown: str, actor: Person, approvers: Collection[str], limits: Sequence[Limit] = ()
    ) -> FixRequest:
        """Record the approval, once, by somebody else. Nothing is written to AWS yet. Raises Refusal, audited.

        A request that needs two people waits on after the first. `limits`: those of the settings that name this person.
        """
        request = self._known(request_id, "fix.approved", actor)
        with self._refusals_of(request, "fix.approved", actor):
            self.stands_alone(request)
            self.check_approval(request, actor, approvers, limits, shown)
            if not self._store.requests.add_approval(request_id, actor=str(actor), at=self._now()):
                raise Refusal(f"the request is {self._get(request_id).state} already")
        return self._get(request_id)

    def break_glass(
        self, request_id: int, actor: Person, allowed: Collection[str], reason: str, limits: Sequence[Limit] = ()
    ) -> FixRequest:
        """Approve alone, even what one asked for oneself, for a reason that everybody is told. Raises Refusal, audited.

        `allowed`: the user ids of those whom the settings let. Every other rule still holds, `limits` among them.
        """
        request = self._known(request_id, "fix.broke_glass", actor)
        with self._refusals_of(request, "fix.broke_glass", actor):
            if actor.user not in allowed:
                raise Refusal("you may not approve alone (AWS_SEC_BREAK_GLASS)")
            self.stands_alone(request)
            self.keep_within(limits, "approve", self._finding(request.finding_id))
            if not reason.strip():
                raise Refusal("a reason is needed: everybody will read it")
            self._still_waits(request, request.plan_hash)
            words, who = reason.strip(), str(actor)
            with self._store.db.transaction():  # or a crash could leave everybody untold
                self._move_or_refuse(request, State.WAITING, State.APPROVED, actor, approver=who, broke_glass=words)
                Untold(self._store.db).add(request_id, self._settings.channels, self._now())
        return self._get(request_id)

    def deny(
        self, request_id: int, actor: Person, approvers: Collection[str], reason: str, *, batch: int | None = None
    ) -> FixRequest:
        """Say no, with a reason. Raises Refusal, which is audited. `batch`: the one that is denied as a whole."""
        request = self._known(request_id, "fix.denied", actor)
        with self._refusals_of(request, "fix.denied", actor):
            self.stands_alone(request, batch)
            if actor.user not in approvers:
                raise Refusal(NOT_AN_APPROVER)
            if not reason.strip():
                raise Refusal("a reason is needed: the requester will read it")
            self._move_or_refuse(
                request, State.WAITING, State.DENIED, actor, result=reason.strip(), approver=str(actor)
            )
        return self._get(request_id)

    def cancel(self, request_id: int, actor: Person, *, batch: int | None = None) -> FixRequest:
        """Take back one's own request while it waits. Raises Refusal, which is audited. `batch`: all of it is."""
        request = self._known(request_id, "fix.cancelled", actor)
        with self._refusals_of(request, "fix.cancelled", actor):
            self.stands_alone(request, batch)
            if str(actor) != request.requester:
                raise Refusal("only who asked may take the request back; an approver may deny it")
            self._move_or_refuse(request, State.WAITING, State.CANCELLED, actor)
        return self._get(request_id)

    def run(self, request_id: int) -> FixRequest:
        """Make the approved change: read again, guard again, do, verify. Returns the request as it ended."""
        with self._one_at_a_time:
            request = self._get(request_id)
            if request.state is State.APPROVED:
                self._execute.run(request)
        return self._get(request_id)

    def undo(self, request_id: int, actor: Person, approvers: Collection[str], reason: str) -> FixRequest:
        """Make the approved plan's undo calls, if nothing drifted since. Raises Refusal, which is audited."""
        with self._one_at_a_time:
            request = self._known(request_id, "fix.undoing", actor)
            with self._refusals_of(request, "fix.undoing", actor):
                if actor.user not in approvers and str(actor) != request.requester:
                    raise Refusal("only who asked for the fix or an approver may undo it")
                if not can_undo(request):
                    raise Refusal(f"there is nothing to undo: the request is {request.state}")
                if not plan_hash(request.plan) == request.plan_hash == self._store.audit.approved_plan(request.id):
                    raise Refusal("the stored plan is not the approved one: run `aws-sec audit verify`")
                home, seen = self._execute.look(request)
                self._execute.guard(self._finding(request.finding_id), home, seen, TO_UNDO, request.within)
                if seen.state != request.after_state:
                    raise Refusal(
                        "the resource changed after the fix, so undoing could break something: look at it first"
                    )
                self._move_or_refuse(request, request.state, State.UNDOING, actor, undoer=str(actor), result=reason)
            self._execute.undo(self._get(request_id))
        return self._get(request_id)

    def expire(self, now: datetime) -> list[FixRequest]:
        """Close the requests nobody decided on in time; those that were closed."""
        late = [r for r in self._store.requests.in_state(State.WAITING) if now >= r.expires_at]
        words = "nobody decided in time; nothing was changed"
        return [self._get(r.id) for r in late if self._move(r, State.WAITING, State.EXPIRED, BOT, words)]

    def recover(self) -> list[FixRequest]:
        """At start: close truthfully what a crash left between two steps. No write is made again."""
        requests = self._store.requests
        approved = requests.in_state(State.APPROVED)
        for request in approved:
            words = "the bot stopped before the change; nothing was changed: ask again"
            self._move(request, State.APPROVED, State.FAILED, BOT, words)
        left = requests.in_state(State.RUNNING, State.UNDOING)
        for request in left:
            self._execute.close(request, "do" if request.state is State.RUNNING else "undo", STOPPED, sure=False)
        return [self._get(r.id) for r in [*approved, *left]]

    @staticmethod
    def stands_alone(request: FixRequest, batch: int | None = None) -> None:
        """Raise Refusal when the request is part of a batch, other than the one that is decided on as a whole."""
        if request.batch != batch:
            raise Refusal(f"request {request.id} is part of batch {request.batch}: decide on all of it, in its message")

    @staticmethod
    def keep_within(limits: Sequence[Limit], act: str, finding: Finding) -> None:
        """Raise Refusal when a limit that names the person keeps them from this."""
        if why := limit(limits, act, finding):
            raise Refusal(why)

    # --- the parts ---------------------------------------------------------------------

    def _propose(self, finding_id: int) -> Proposal:
        finding = self._finding(finding_id)
        if finding.state != "open":
            raise Refusal("this finding is resolved already")
        fix = self._execute.fix(finding.check_id)
        home, seen = self._execute.look(finding)
        return self._proposal(finding, fix, home, seen)

    def _proposal(self, finding: Finding, fix: Fix, home: Region, seen: Seen) -> Proposal:
        tags = self._execute.guard(finding, home, seen)
        if seen.status is None:
            raise Refusal("the resource is gone; the next scan will resolve the finding")
        if seen.status is not Status.FAIL:
            raise Refusal(f"{seen.words}: nothing to fix")
        if seen.plan is None:
            raise Refusal(f"no plan fits here: {seen.why}; `/aws-sec explain` says what a person can do")
        self._execute.fits(finding, seen.plan, home)
        owned_by = owner(tags, self._settings.managed_by)
        if not tags:  # a resource of a stack has the stack's tags, unless its service has none
            owned_by = stack_of(home, finding.region, seen.within or finding.resource)
        needed = 2 if fix.risk.name.lower() in self._settings.two_approvers_for else 1
        mode = self._settings.fix_mode
        return Proposal(finding, fix, seen.plan, plan_hash(seen.plan), mode, seen.within, needed, owned_by)

    def new(self, proposal: Proposal, actor: Person, reason: str) -> New:
        """What a request is made of."""
        finding, now, plan = proposal.finding, self._now(), proposal.plan
        if proposal.owner:
            plan = replace(plan, notes=[proposal.owner.note, *plan.notes])
        return New(
            finding.id,
            finding.account,
            finding.region,
            finding.check_id,
            finding.resource,
            finding.name,
            plan,
            proposal.mode.value,
            str(actor),
            reason,
            now,
            now + self._settings.request_lifetime,
            proposal.within,
            proposal.needed,
            owner=str(proposal.owner or ""),
        )

    def _still_waits(self, request: FixRequest, shown: str) -> None:
        if shown != request.plan_hash:
            raise Refusal("this button belongs to another plan: open the request's newest message")
        now = self._now()
        if now >= request.expires_at:
            self.expire(now)
            raise Refusal("the request has expired: ask again from the finding")

    def _decider(self, request: FixRequest, actor: Person, approvers: Collection[str]) -> None:
        if actor.user not in approvers:
            raise Refusal(NOT_AN_APPROVER)
        if str(actor) == request.requester or actor.user == Person.parse(request.requester).user:
            raise Refusal("you asked for this fix, so somebody else must approve it")

    def _finding(self, finding_id: int) -> Finding:
        try:
            return self._store.findings.get(finding_id)
        except NoSuchFinding as error:
            raise Refusal(f"{error}; `/aws-sec findings` lists those there are") from error

    def _known(self, request_id: int, action: str, actor: Person) -> FixRequest:
        """The request to decide on. Raises Refusal, which is audited."""
        with self._refusals(0, action, actor, subject=f"request {request_id}"):
            return self._get(request_id)

    def _get(self, request_id: int) -> FixRequest:
        try:
            return self._store.requests.get(request_id)
        except NoSuchRequest as error:
            raise Refusal(str(error)) from error

    def _move(  # a move is who, from where, to where, why
        self, request: FixRequest, source: State, target: State, actor: Person, result: str = "", **fields: str | None
    ) -> bool:
        return self._store.requests.move(
            request.id, source, target, actor=str(actor), at=self._now(), result=result, **fields
        )

    def _move_or_refuse(self, request: FixRequest, source: State, target: State, actor: Person, **fields: str) -> None:
        if not self._move(request, source, target, actor, **fields):
            raise Refusal(f"the request is {self._get(request.id).state} already")

    @contextlib.contextmanager
    def _refusals(self, finding_id: int, action: str, actor: Person, subject: str = "") -> Iterator[None]:
        try:
            yield
        except Refusal as error:
            about, why = subject or f"finding {finding_id}", {"why": str(error)}
            self._store.audit.append(action, actor=str(actor), subject=about, result="refused", detail=why)
            error.audited = True
            raise

    @contextlib.contextmanager
    def _refusals_of(self, request: FixRequest, action: str, actor: Person) -> Iterator[None]:
        try:
            yield
        except Refusal as error:
            self._store.requests.refused(request, actor=str(actor), action=action, why=str(error))
            error.audited = True
            raise


def can_undo(request: FixRequest) -> bool:
    """Whether the request's change stands and can be taken back."""
    return bool(request.plan.undo) and request.state in (State.FIXED, State.FAILED) and request.after_state is not None


def _better_in_code(proposal: Proposal) -> str:
    """Why a fix of many leaves a resource out, and how it is changed all the same."""
    finding = proposal.finding
    return f"{proposal.owner} manages it: change it there, or ask for it alone with `/aws-sec fix {finding.id}`"
