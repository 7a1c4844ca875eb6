"""The words every check is written in: collect, extra, check, fix.

Nothing here talks to AWS, Slack or SQLite. A check module says what it reads
and judges what it is handed; `bot.scan` does the reading, `bot.remediate` the fixing.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, TypeVarTuple, Unpack, overload

R = TypeVar("R")
X = TypeVar("X")
Y = TypeVar("Y")
Z = TypeVar("Z")
Given = TypeVarTuple("Given")

Verdict: TypeAlias = str | None
"""What is wrong, in words that follow the resource's name. None: nothing is."""


class Severity(enum.IntEnum):
    """How near harm is when the claim does not hold. The rule by which a check gets its severity is in `rule`."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def rule(self) -> str:
        return _RULES[self]


_RULES = {
    Severity.CRITICAL: "Open now: a stranger gets in, reads data or becomes administrator; nothing else need go wrong.",
    Severity.HIGH: "One step away: one stolen credential, mistake or leak is enough, or nobody would see the harm.",
    Severity.MEDIUM: "A second line is missing: something else must fail first, and then this makes it worse.",
    Severity.LOW: "Order: it keeps an account easy to oversee, to recover and to answer for.",
}


class Practice(enum.Enum):
    """The twelve practices, in the order people read them, each with its words."""

    MFA = "Multi-factor authentication"
    PASSWORDS = "Strong passwords and rotation"
    ROLES = "IAM roles, not long-term keys"
    LEAST_PRIVILEGE = "Least privilege"
    MONITORING = "CloudTrail and monitoring"
    POLICIES = "IAM policy review"
    CONFIG = "AWS Config"
    ROOT = "Root user"
    NETWORK = "Network controls"
    ENCRYPTION = "Encryption"
    BACKUP = "Backups"
    AWARENESS = "Staying informed"

    @property
    def key(self) -> str:
        return self.name.lower()


class Scope(enum.Enum):
    REGION = "once in every region"
    ACCOUNT = "once in the account"


class Risk(enum.Enum):
    SAFE = "nothing in use can notice"
    CUTS_ACCESS = "whoever relies on this access loses it"
    INTERRUPTS = "the resource restarts or is unavailable for a while"


class NotApplicable(Exception):
    """Raised by a judge when its question does not arise here, or by a plan that has nothing to change.

    `now`: what the plan's `before` would be, where others may change that without failing the check: by it an undo
    notices that it would take back more than the fix.
    """

    def __init__(self, why: str, now: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.now = now or {}


class Waits(NotApplicable):
    """Raised by a plan whose calls were made already, where the check passes only later: says what it waits for."""


class Unknown(Exception):
    """Raised by a read or a judge when the answer is not there to be read; says why and what to do."""


class Aws(Protocol):
    """One account in one region, read-only, as collectors and extras see it."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def now(self) -> datetime: ...

    def call(self, call: str, /, *, absent: str | tuple[str, ...] = (), **params: Any) -> Any:
        """The answer of one call; `{}` when AWS answers with an error in `absent`: a code, or "code: words of it"."""

    def once(self, call: str, /, *, absent: str | tuple[str, ...] = (), **params: Any) -> Any:
        """The same for what several ask: the first answer is kept for the rest of the scan, so it must be small."""

    def items(self, call: str, path: str, /, **params: Any) -> Iterator[Any]:
        """Every item under `path` (dots go down) of every page of a call."""

    def read(self, shared: Collector[R]) -> Sequence[R]:
        """All of another collector's resources here, read once per scan. Declare it in `needs`."""

    def each(self, read: Callable[[X], Y], items: Iterable[X], /) -> Iterator[Y]:
        """`read` of every item, side by side, in the items' order. `read` makes calls only: no `read`, no `each`."""

    def pause(self, seconds: float, /) -> None:
        """Wait for something that AWS is still making."""

    def at(self, region: str) -> Aws:
        """The same account in another region."""


@dataclass(frozen=True, eq=False)
class Collector(Generic[R]):
    """A stream of resources and the very calls that fill it.

    `arn` and `name` are templates over account, region, partition and the resource's own keys; so is `within`, the
    ARN of what a resource is part of (a rule's security group), where that carries the tags that speak for it.
    A resource of which AWS's tagging API knows nothing brings them itself, as a list under the key `tags`.
    """

    calls: tuple[str, ...]
    stream: Callable[[Aws], Iterator[R]]
    arn: str
    name: str = ""
    scope: Scope = Scope.REGION
    needs: tuple[Collector[Any], ...] = ()
    path: str = ""
    within: str = ""

    @property
    def all_calls(self) -> tuple[str, ...]:
        return (*self.calls, *(call for need in self.needs for call in need.all_calls))


@dataclass(frozen=True, eq=False)
class Extra(Generic[R, X]):
    """More about one resource, read only when an enabled check or a fix asks for it.

    `later`: the extra that is read only once the judge calls for it. What the judge is handed is that call.
    """

    calls: tuple[str, ...]
    read: Callable[[Aws, R], X]
    needs: tuple[Collector[Any], ...] = ()
    later: Extra[R, Any] | None = None

    @property
    def all_calls(self) -> tuple[str, ...]:
        return (*self.calls, *(call for need in self.needs for call in need.all_calls))


@dataclass(frozen=True, eq=False)
class Check(Generic[*Given]):
    """A claim about each resource of a collector, why it matters, and the judge of it."""

    id: str
    title: str
    why: str
    how: str
    page: str
    practice: Practice
    severity: Severity
    over: Collector[Any]
    extras: tuple[Extra[Any, Any], ...]
    judge: Callable[[Unpack[Given]], Verdict]

    @property
    def calls(self) -> tuple[str, ...]:
        """Every API call the check may cause, each once, sorted."""
        extras = (call for extra in self.extras for call in extra.all_calls)
        return tuple(sorted({*self.over.all_calls, *extras}))

    @property
    def thresholds(self) -> Mapping[str, Any]:
        """The judge's keyword-only parameters with their defaults: what settings may change."""
        parameters = inspect.signature(self.judge).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


AnyCheck: TypeAlias = "Check[*tuple[Any, ...]]"


@dataclass(frozen=True)
class Call:
    """One write, exactly as it is shown, approved, sent and logged. Parameters are plain JSON.

    `region`: where it is made, if not where the finding is: what belongs to the account may be mended elsewhere.
    """

    call: str
    params: Mapping[str, Any]
    region: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """All of it as plain data, from which `Call(**data)` makes it again."""
        return {"call": self.call, "params": dict(self.params)} | ({"region": self.region} if self.region else {})


@dataclass(frozen=True)
class Plan:
    """The exact calls that change one thing, and the exact calls that change it back.

    `before` and `after` are the settings the plan touches, as a person reads them; a plan made again from an
    unchanged resource has the same `before`, so they also tell whether it drifted. `notes`: who depends on it, cost.
    """

    do: Sequence[Call]
    undo: Sequence[Call]
    before: Mapping[str, str]
    after: Mapping[str, str]
    notes: Sequence[str] = ()


PATIENCE = 15
"""Seconds in which AWS shows most changes."""


@dataclass(frozen=True, eq=False)
class Fix:
    """How to repair what a check found. `plan` takes the resource, the check's extras, all of them read, then `reads`.

    A keyword-only parameter of `plan` named as a threshold of the check gets that threshold; any other is one of
    `inputs`. `patience`: seconds that AWS may take to show the change.
    """

    repairs: AnyCheck
    title: str
    risk: Risk
    calls: tuple[str, ...]
    plan: Callable[..., Plan]
    reads: tuple[Extra[Any, Any], ...] = field(default=())
    patience: int = PATIENCE

    @property
    def read_calls(self) -> tuple[str, ...]:
        return tuple(sorted({call for extra in self.reads for call in extra.all_calls}))

    @property
    def inputs(self) -> Mapping[str, bool]:
        """What the plan has to be told (see `checks.inputs`) -> whether there is none without: it has no default."""
        asked = [p for p in inspect.signature(self.plan).parameters.values() if p.kind is p.KEYWORD_ONLY]
        return {p.name: p.default is p.empty for p in asked if p.name not in self.repairs.thresholds}


CHECKS: dict[str, AnyCheck] = {}
FIXES: dict[str, Fix] = {}

ACCOUNT_ARN = "arn:{partition}:iam::{account}:root"
"""Settings of a whole account have no ARN of their own: the account's principal stands for them."""

now: Extra[Any, datetime] = Extra((), lambda aws, _: aws.now)
"""The moment of the scan, for judges of age: they have no clock of their own."""


def collect(
    call: str, path: str, /, *, arn: str, name: str = "", scope: Scope = Scope.REGION, **params: Any
) -> Collector[Any]:
    """A collector that is one call and the path to its items."""
    return Collector((call,), lambda aws: aws.items(call, path, **params), arn, name, scope, path=path)


def collector(
    *calls: str,
    arn: str,
    name: str = "",
    scope: Scope = Scope.REGION,
    needs: tuple[Collector[Any], ...] = (),
    within: str = "",
) -> Callable[[Callable[[Aws], Iterator[R]]], Collector[R]]:
    """A collector that takes more than one call, or others' resources, to fill."""
    return lambda stream: Collector(calls, stream, arn, name, scope, needs, within=within)


def extra(*calls: str, needs: tuple[Collector[Any], ...] = ()) -> Callable[[Callable[[Aws, R], X]], Extra[R, X]]:
    """One more read per resource, and the calls it makes."""
    return lambda read: Extra(calls, read, needs)


def later(asked: Extra[R, X], /) -> Extra[R, Callable[[], X]]:
    """An extra that costs a call only where the judge asks: where what it was handed does not settle the question."""
    return Extra(asked.calls, lambda aws, resource: partial(asked.read, aws, resource), asked.needs, asked)


@overload
def check(
    over: Collector[R], /, *, practice: Practice, severity: Severity
) -> Callable[[Callable[[R], Verdict]], Check[R]]: ...
@overload
def check(
    over: Collector[R], x: Extra[R, X], /, *, practice: Practice, severity: Severity
) -> Callable[[Callable[[R, X], Verdict]], Check[R, X]]: ...
@overload
def check(
    over: Collector[R], x: Extra[R, X], y: Extra[R, Y], /, *, practice: Practice, severity: Severity
) -> Callable[[Callable[[R, X, Y], Verdict]], Check[R, X, Y]]: ...
@overload
def check(
    over: Collector[R], x: Extra[R, X], y: Extra[R, Y], z: Extra[R, Z], /, *, practice: Practice, severity: Severity
) -> Callable[[Callable[[R, X, Y, Z], Verdict]], Check[R, X, Y, Z]]: ...
def check(over: Any, /, *extras: Any, practice: Practice, severity: Severity) -> Any:
    """Register a judge: module and name are the check's id, its docstring says what, why, `Fix:` and `See:`."""

    def register(judge: Callable[..., Verdict]) -> AnyCheck:
        id = f"{judge.__module__.rpartition('.')[2]}.{judge.__name__}"
        if id in CHECKS:
            raise ValueError(f"{id} is declared twice")
        CHECKS[id] = Check(id, *_words(judge), practice, severity, over, extras, judge)
        return CHECKS[id]

    return register


def fix(
    repairs: Check[*Given],
    /,
    *calls: str,
    risk: Risk,
    reads: tuple[Extra[Any, Any], ...] = (),
    patience: int = PATIENCE,
) -> Callable[[Callable[..., Plan]], Fix]:
    """Register the plan that repairs what a check found. A plan may use only these calls."""

    def register(plan: Callable[..., Plan]) -> Fix:
        title = (plan.__doc__ or "").partition("\n\n")[0].rstrip(".")
        FIXES[repairs.id] = Fix(repairs, title, risk, calls, plan, reads, patience)
        return FIXES[repairs.id]

    return register


def expect(holds: object, problem: str) -> Verdict:
    """`problem` unless `holds`."""
    return None if holds else problem


def _words(judge: Callable[..., Verdict]) -> tuple[str, str, str, str]:
    """Title, why, how to fix and the AWS page, from the docstring of a judge."""
    title, _, body = inspect.cleandoc(judge.__doc__ or "").partition("\n\n")
    body, _, page = body.partition("See: ")
    why, _, how = body.partition("Fix: ")
    return title.rstrip("."), " ".join(why.split()), " ".join(how.split()), page.strip()
