"""Making an approved change: read again, guard again, do, verify; and closing what a crash left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.account_tags import account_tags
from bot.aws import Region
from bot.aws_errors import CallError
from bot.fixing import FixAws, Seen, Tags
from bot.guards import TO_FIX, Guard, Situation, refusal
from bot.people import BOT
from bot.permissions import TooBig
from bot.recording import CannotScan
from bot.scan import Status, why_unknown
from bot.settings import FixMode, Settings
from bot.store import Store
from bot.store.findings import Finding
from bot.store.fix_request import FixRequest, State, plan_hash
from checks.kit import Fix, Plan

LONGEST_PAUSE = 16.0
"""Seconds between two looks at a result that takes its time."""


def pauses(patience: float) -> Iterator[float]:
    """Seconds before each look at the result: AWS shows some changes only after a while (eventual consistency).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    """
    waited, pause = 0.0, 0.0
    while waited + pause <= patience:
        yield pause
        waited += pause
        pause = min(2 * pause or 1.0, LONGEST_PAUSE)


class Refusal(Exception):
    """No, and why, in a sentence for the person who asked. Nothing was changed."""

    audited = False
    """Whether the audit log has it already."""


class Executor:
    """Looks at AWS and writes to it, for the one who decided."""

    def __init__(  # its parts
        self,
        settings: Settings,
        store: Store,
        fixes: Mapping[str, Fix],
        aws: FixAws,
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._store = store
        self._fixes = fixes
        self._aws = aws
        self._now = now
        self._pause = pause

    def fix(self, check_id: str) -> Fix:
        """The fix of a check; raises Refusal."""
        if check_id not in self._fixes:
            raise Refusal("there is no fix for this one: `/aws-sec explain` says what a person can do")
        return self._fixes[check_id]

    def look(self, where: Finding | FixRequest) -> tuple[Region, Seen]:
        """The resource as it is now; raises Refusal when it cannot be read."""
        fix = self.fix(where.check_id)
        try:
            home = self._aws.connect()
            return home, self._aws.look(home, fix, where.region, where.resource)
        except CannotScan as error:
            raise Refusal(f"it cannot be read now: {error}") from error
        except Exception as error:  # as in a scan: what surprises a judge or a plan cannot be read
            raise Refusal(f"it cannot be read now: {why_unknown(error)}") from error

    def look_at_all(self, fix: Fix, findings: Sequence[Finding]) -> tuple[Region, dict[int, Seen]]:
        """Several resources as they are now, each region read once: finding id -> what was seen. Raises Refusal."""
        try:
            home = self._aws.connect()
            seen: dict[int, Seen] = {}
            for region in dict.fromkeys(finding.region for finding in findings):
                here = {finding.resource: finding.id for finding in findings if finding.region == region}
                found = self._aws.look_at_all(home, fix, region, here)
                seen |= {here[resource]: one for resource, one in found.items()}
        except CannotScan as error:
            raise Refusal(f"it cannot be read now: {error}") from error
        except Exception as error:  # as above
            raise Refusal(f"it cannot be read now: {why_unknown(error)}") from error
        return home, seen

    def guard(
        self, finding: Finding, home: Region, seen: Seen, guards: tuple[Guard, ...] = TO_FIX, within: str = ""
    ) -> Tags | None:
        """The resource's tags, when no rule refuses; raises Refusal. `within`: what it was part of, if it is gone."""
        tags = seen.tags
        if tags is None:
            tags = self._aws.tags(home, finding.region, finding.resource, seen.within or within)
        now, requests = self._now(), self._store.requests
        lately = now - timedelta(hours=1)
        situation = Situation(
            self._settings,
            finding,
            home.account,
            now,
            tags,
            requests.started_since(lately),
            requests.failed_since(lately),
            self._store.freezes.current(now),
            account_tags(self._settings, home) if self._settings.protected_tags else (),
        )
        reason = refusal(situation, guards)
        if reason:
            raise Refusal(reason)
        return tags

    def fits(self, finding: Finding, plan: Plan, home: Region) -> None:
        """Raise Refusal when the plan is too big to be made by a session that can do just that."""
        try:
            self._aws.fits(plan, home, finding.region, finding.resource)
        except TooBig as error:
            raise Refusal(str(error)) from error

    def run(self, request: FixRequest) -> None:
        """Make an approved request's change, or end it without one."""
        try:
            home, seen = self.look(request)
            self.guard(self._store.findings.get(request.finding_id), home, seen)
        except Refusal as error:
            self._end(request, State.APPROVED, State.FAILED, f"{error}; nothing was changed")
            return
        if seen.status in (None, Status.PASS):
            self._end(request, State.APPROVED, State.MOOT, f"{seen.words}; nothing was changed")
        elif seen.plan is None or not plan_hash(seen.plan) == plan_hash(request.plan) == request.plan_hash:
            words = "the resource changed since the plan was made; nothing was changed: ask again to see a new plan"
            self._end(request, State.APPROVED, State.CHANGED, words)
        elif FixMode(request.mode) is not FixMode.ON or self._settings.fix_mode is not FixMode.ON:
            words = "dry run: all was checked up to the change itself; nothing was changed"
            self._end(request, State.APPROVED, State.REHEARSED, words)
        elif self._end(request, State.APPROVED, State.RUNNING):
            problem, sure = self._make(request, "do")
            self.close(request, "do", problem, sure=sure)

    def undo(self, request: FixRequest) -> None:
        """Make the undo calls of a request in state undoing."""
        problem, sure = self._make(request, "undo")
        self.close(request, "undo", problem, sure=sure)

    def close(self, request: FixRequest, half: str, problem: str, *, sure: bool) -> None:
        """End a request by what AWS shows now. `sure`: whether `problem` tells what became of the last write."""
        source = State.RUNNING if half == "do" else State.UNDOING
        bad = State.FAILED if half == "do" else State.UNDO_FAILED
        requests = self._store.requests
        made = any(step.phase == half for step in requests.steps(request.id))
        words = f"{problem}; " if problem else ""
        try:
            seen = self._verify(request, half, patient=not problem)
        except Refusal as error:
            with self._store.db.transaction():
                requests.end_unknown(request, actor=str(BOT))
                self._end(request, source, bad, f"{words}the result could not be checked: {error}")
            return
        told = f"{words}{'' if made else 'nothing was changed; '}checked again: {seen.words}"
        with self._store.db.transaction():  # or a crash could part a request from its finding
            requests.end_unknown(request, actor=str(BOT))
            state = _ended(seen, half, request, made, problem, sure)
            if made:
                self._end(request, source, state, told, after_state=_stands(seen, half, request))
            else:
                self._end(request, source, state, told)
            if seen.status in (Status.PASS, Status.FAIL, None) and made:
                # The finding follows what was just read, without waiting for the next scan.
                holds, note = seen.status is not Status.FAIL, f"fix {request.id}"
                self._store.findings.settle(request.finding_id, holds=holds, at=self._now(), note=note)

    def _make(self, request: FixRequest, half: str) -> tuple[str, bool]:
        """Make one half of the plan, call by call, intent first: what went wrong, or "", and whether that is sure."""
        calls = getattr(request.plan, half)
        actor = str(request.approver if half == "do" else request.undoer)
        if not {call.call for call in calls} <= set(self.fix(request.check_id).calls):
            return "the plan has calls that this fix does not declare", True
        try:
            name = f"aws-sec-fix-{request.id}"
            writer = self._aws.writer(name, request.plan, half, request.region, request.resource)
        except (CallError, TooBig) as error:
            return str(error), True
        # What was made in part is undone in part: a call then fails for want of what it would take back.
        done = sum(step.phase == "do" and step.state == "done" for step in self._store.requests.steps(request.id))
        in_part = half == "undo" and done < len(request.plan.do)
        problems = []
        for position, call in enumerate(calls):
            if not self._store.requests.begin_step(request, half, position, call, actor=actor, at=self._now()):
                return "another process has closed the request meanwhile", True
            try:
                answer = writer.make(call)
            except CallError as error:
                id, problem = error.request_id, str(error)
                self._store.requests.end_step(request, half, position, answer=id, actor=actor, problem=problem)
                problems.append(problem)
                if in_part and error.answered:
                    continue
                return "; ".join(problems), error.answered
            self._store.requests.end_step(request, half, position, answer=answer, actor=actor)
        return "; ".join(problems), True

    def _verify(self, request: FixRequest, half: str, *, patient: bool) -> Seen:
        for seconds in pauses(self.fix(request.check_id).patience if patient else 0):
            self._pause(seconds)
            home, seen = self.look(request)
            if half == "undo" and seen.status is None:
                fix = self.fix(request.check_id)
                seen = self._aws.look_alike(home, fix, request.region, request.plan.before)
            if _reached(seen, half, request):
                break
        return seen

    def _end(self, request: FixRequest, source: State, target: State, result: str = "", **fields: str | None) -> bool:
        return self._store.requests.move(
            request.id, source, target, actor=str(BOT), at=self._now(), result=result, **fields
        )


def _reached(seen: Seen, half: str, request: FixRequest) -> bool:
    if half == "do":
        return seen.waits or seen.status in (None, Status.PASS, Status.NOT_APPLICABLE)
    return seen.state == dict(request.plan.before)


def _ended(seen: Seen, half: str, request: FixRequest, made: bool, problem: str, sure: bool) -> State:
    """The state that says what is there. `made`: whether a write was begun."""
    there = _reached(seen, half, request)
    if half == "do":
        return State.FIXED if there and made and (not problem or not sure) else State.FAILED
    if not made and not sure:  # a crash before the first call: the fix stands as it did, and so does the way back
        return State.FIXED if _reached(seen, "do", request) else State.FAILED
    # An undo began from another state than the one before the fix: if that one is there, a problem on the way is none.
    return State.UNDONE if there and made else State.UNDO_FAILED


def _stands(seen: Seen, half: str, request: FixRequest) -> str | None:
    """The state that an undo would start from, None where all is as before the fix."""
    return None if half == "do" and seen.state == dict(request.plan.before) else json.dumps(seen.state)
