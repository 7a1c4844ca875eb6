"""What only a person can do: the steps in order, sent to whoever can do them, and what a look at AWS says then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from bot.blocks.parts import (
    Message,
    actions,
    button,
    context,
    divider,
    lines,
    modal,
    person_input,
    preformatted,
    quoted,
    section,
    sentence,
    text_input,
)
from bot.blocks.text import code, mention, plain
from bot.checklists import Looked
from bot.ids import Action, Input, OfFinding, View
from bot.scan import Status
from bot.store.findings import Finding
from checks import Guide
from checks.kit import AnyCheck

CHECKING = "⏳ Running the check…"
OUR_PARTITION = "arn:aws:"
"""Where the console's addresses that guides have are right."""


def steps_of(guide: Guide) -> list[Block]:
    """The steps, numbered."""
    numbered = [f"{number}. {plain(step)}" for number, step in enumerate(guide.steps, 1)]
    return [*lines(["*Steps*", *numbered])] if guide.steps else []


def checklist_modal(  # what, about what, for whom
    finding: Finding, check: AnyCheck, guide: Guide, origin: str, said: str = ""
) -> dict[str, Any]:
    """The steps, and the question who shall do them. `said`: what the last look showed."""
    value = OfFinding(finding=finding.id, origin=origin)
    blocks = [
        *([section(said)] if said else []),
        *_what(finding, check, guide),
        actions(button("Check again", Action.RECHECK, value)),
        divider(),
        section("*Send to a person*  They get the steps as a direct message, with your name and your reason."),
        person_input(Input.PERSON, "Who can do it?"),
        text_input(Input.REASON, "Why?", "They and the audit log will read it."),
    ]
    return modal(View.STEPS, "Steps", blocks, submit="Send", value=value)


def checklist(finding: Finding, check: AnyCheck, guide: Guide, sender: str, reason: str) -> Message:
    """The direct message to whoever shall do it."""
    asks = f"{mention(sender)} asks you to do what only a person can"
    return Message(
        f"{asks}: {plain(check.title)}",
        [
            section(f"👋 {asks}, because:"),
            quoted(reason),
            *_what(finding, check, guide),
            actions(button("Done, check again", Action.RECHECK, OfFinding(finding=finding.id), style="primary")),
        ],
    )


def answer(finding: Finding, check: AnyCheck, looked: Looked) -> str:
    """What the look at AWS showed, in a sentence."""
    match looked.status:
        case Status.PASS:
            return f"✅ *It is as it should be now*: {plain(check.title)}."
        case Status.FAIL:
            return f"❌ *Not yet*: {code(finding.name, 120)} {plain(looked.text)}."
        case _:
            return f"❔ *It cannot be told*: {plain(looked.text)}."


def answer_message(finding: Finding, check: AnyCheck, looked: Looked) -> Message:
    return sentence(answer(finding, check, looked))


def _what(finding: Finding, check: AnyCheck, guide: Guide) -> Sequence[Block]:
    about = f"*{plain(check.title)}*\n{code(finding.name, 120)} {plain(finding.text)}"
    where = f"AWS account {finding.account}  ·  finding {finding.id}"
    console = f"<{guide.link}|AWS console>  ·  " if guide.link and finding.resource.startswith(OUR_PARTITION) else ""
    command = [preformatted("AWS CLI", guide.cli)] if guide.cli and not guide.link else []
    links = context(f"{console}<{check.page}|AWS documentation>  ·  {where}")
    return [section(about), section(f"*Why*  {plain(check.why, 1500)}"), *steps_of(guide), *command, links]
