"""The same fix on several resources: one request, one decision, made one by one until one fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from bot.people import BOT, Person
from bot.remediate import Proposal, Refusal, Remediator, can_undo
from bot.settings import Limit, Settings
from bot.store import Store
from bot.store.fix_request import Batch, FixRequest, State, hash_of_all, plan_json
from bot.store.requests import NoSuchRequest, ResourceBusy

PLANS = 6000
"""Characters of all plans of a batch together: what is approved must be seen, in one message."""
WENT_WELL = (State.FIXED, State.MOOT, State.REHEARSED)


@dataclass(frozen=True)
class BatchProposal:
    """What would be done about all findings of a check. `left`: name -> why nothing would be done about it."""

    proposals: Sequence[Proposal]
    left: dict[str, str]

    @property
    def plan_hash(self) -> str:
        return hash_of_all(proposal.plan_hash for proposal in self.proposals)


class Bulk:
    """Decides on batches; each change in one is made by the remediator, under all its rules."""

    def __init__(self, settings: Settings, store: Store, remediator: Remediator, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._remediator = remediator
        self._now = now

    def propose(self, check_id: str, actor: Person) -> BatchProposal:
        """Read the resources and work out their plans, which is audited, as is a Refusal. Raises Refusal."""
        proposal = self._propose(check_id, actor)
        named = [one.finding.id for one in proposal.proposals]
        self._store.audit.append(
            "fix.proposed", actor=str(actor), subject=check_id, plan_hash=proposal.plan_hash, detail={"findings": named}
        )
        return proposal

    def _propose(self, check_id: str, actor: Person) -> BatchProposal:
        found, left = self._remediator.proposals(check_id, actor)
        sizes = accumulate(len(plan_json(proposal.plan)) for proposal in found)
        most = max(1, sum(size <= PLANS for size in sizes))
        later = "one message cannot show more plans whole: ask again for the rest"
        left |= {proposal.finding.name: later for proposal in found[most:]}
        return BatchProposal(found[:most], left)

    def request(
        self,
        check_id: str,
        shown: str,
        chosen: Collection[int],
        actor: Person,
        reason: str,
        limits: Sequence[Limit] = (),
    ) -> Batch:
        """Ask for approval of what was shown (its hash), for the chosen findings. Raises Refusal, which is audited."""
        proposal = self._propose(check_id, actor)
        with self._refusals("fix.requested", actor, check_id):
            if proposal.plan_hash != shown:
                raise Refusal("something changed since you looked: open the fix again to see the new plans")
            wanted = [one for one in proposal.proposals if one.finding.id in chosen]
            if not wanted:
                raise Refusal("choose at least one resource")
            if not reason.strip():
                raise Refusal("a reason is needed: the approver and the audit log will read it")
            for one in wanted:
                self._remediator.keep_within(limits, "request", one.finding)
            needed = 2 if len(wanted) > self._settings.second_approver_above else 1
            news = [self._remediator.new(one, actor, reason.strip()) for one in wanted]
            try:
                return self._store.batches.create([replace(new, needed=max(needed, new.needed)) for new in news])
            except ResourceBusy as error:
                raise Refusal(f"{error}: decide on that one first") from error

    def approve(
        self, batch_id: int, shown: str, actor: Person, approvers: Collection[str], limits: Sequence[Limit] = ()
    ) -> Batch:
        """Record the approval of all of it, once, by somebody else. Raises Refusal, which is audited."""
        with self._refusals("fix.approved", actor, f"batch {batch_id}"):
            batch = self._get(batch_id)
            if shown != batch.plan_hash:
                raise Refusal("this button belongs to another plan: open the request's newest message")
            for request in batch.requests:
                self._remediator.check_approval(request, actor, approvers, limits, request.plan_hash)
            with self._store.db.transaction():
                for request in batch.requests:
                    if not self._store.requests.add_approval(request.id, actor=str(actor), at=self._now()):
                        raise Refusal("the request was decided on already")
        return self._get(batch_id)

    def deny(self, batch_id: int, actor: Person, approvers: Collection[str], reason: str) -> Batch:
        """Say no to all of it, with a reason. Raises Refusal, which is audited."""
        return self._decide(
            batch_id,
            "fix.denied",
            actor,
            lambda number: self._remediator.deny(number, actor, approvers, reason, batch=batch_id),
        )

    def cancel(self, batch_id: int, actor: Person) -> Batch:
        """Take back one's own request while all of it waits. Raises Refusal, which is audited."""
        return self._decide(
            batch_id, "fix.cancelled", actor, lambda number: self._remediator.cancel(number, actor, batch=batch_id)
        )

    def run(self, batch_id: int) -> Iterator[Batch]:
        """Make the approved changes one by one; the batch after each. The first that fails is the last."""
        failed: FixRequest | None = None
        for request in self._get(batch_id).requests:
            if request.state is not State.APPROVED:
                continue
            if failed:
                why = f"not tried, because request {failed.id} did not go well; nothing was changed"
                self._store.requests.move(
                    request.id, State.APPROVED, State.FAILED, actor=str(BOT), at=self._now(), result=why
                )
                continue
            ended = self._remediator.run(request.id)
            failed = None if ended.state in WENT_WELL else ended
            yield self._get(batch_id)
        yield self._get(batch_id)

    def undo(
        self, batch_id: int, chosen: Collection[int], actor: Person, approvers: Collection[str], reason: str
    ) -> Iterator[Batch]:
        """Undo the chosen requests, the last made first; the batch after each. Raises Refusal, which is audited."""
        with self._refusals("fix.undoing", actor, f"batch {batch_id}"):
            of_batch = reversed(self._get(batch_id).requests)
            wanted = [request for request in of_batch if request.id in chosen and can_undo(request)]
            if not wanted:
                raise Refusal("choose at least one change that can be undone")
        for done, request in enumerate(wanted):
            try:
                ended = self._remediator.undo(request.id, actor, approvers, reason)
            except Refusal as error:
                if done:
                    error.args = (f"{done} of {len(wanted)} undone, {request.name} not: {error}",)
                raise
            yield self._get(batch_id)
            if ended.state is not State.UNDONE:
                return

    def _decide(self, batch_id: int, action: str, actor: Person, decide: Callable[[int], object]) -> Batch:
        """The same decision on each, for all or, wherever the process dies, for none."""
        refused: Refusal | None = None
        with self._store.db.transaction():
            try:
                for request in self._waiting(batch_id, action, actor).requests:
                    decide(request.id)
            except Refusal as error:  # is about the person, so it came at the first; its row in the audit log stays
                refused = error
        if refused:
            raise refused
        return self._get(batch_id)

    def _waiting(self, batch_id: int, action: str, actor: Person) -> Batch:
        with self._refusals(action, actor, f"batch {batch_id}"):
            batch = self._get(batch_id)
            if not batch.waits:
                raise Refusal("the request was decided on already")
        return batch

    def _get(self, batch_id: int) -> Batch:
        try:
            return self._store.batches.get(batch_id)
        except NoSuchRequest as error:
            raise Refusal(str(error)) from error

    @contextlib.contextmanager
    def _refusals(self, action: str, actor: Person, subject: str) -> Iterator[None]:
        try:
            yield
        except Refusal as error:
            why = {"why": str(error)}
            self._store.audit.append(action, actor=str(actor), subject=subject, result="refused", detail=why)
            error.audited = True
            raise
