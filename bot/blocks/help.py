"""Help: what `/aws-sec` understands, what the person may do and whom to ask, and the greeting in a new channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slack_sdk.models.blocks import ButtonElement

from bot.blocks.parts import Message, actions, button, context, lines, section
from bot.blocks.text import code, mention, plain
from bot.ids import Action, OfCommand
from bot.people import Rights

COMMANDS: Mapping[str, str] = {
    "status [words]": "how the account stands on the twelve practices, down to one resource; the words of `findings`"
    " narrow it",
    "trend [7|30|90]": "how the score and the open findings moved, in so many days",
    "findings [words]": "what is open, worst first: a practice, a severity, `muted`, `account=`, `region=`,"
    " `service=`, `owner=` (part of a name), `new=7d`, or part of a resource's name",
    "explain CHECK|NUMBER": "why a check or a finding matters and what to do",
    "check CHECK": "run one check now",
    "fix NUMBER|CHECK": "see what would change, in one finding's resource or in all of a check; ask for approval",
    "freeze [[TAG] until WHEN because WHY]": "no fixes for a while; alone: the freezes there are",
    "mute NUMBER|tag KEY=VALUE": "accept a finding, all of its check, or what has a tag, for a while, with a reason",
    "unmute NUMBER": "show it again",
    "mutes": "what hides more than one finding, until when and why; end it",
    "compliance NAME": "a framework control by control, as `cis_5.0` or `fsbp`",
    "export FORMAT [words]": "findings as a file: csv, json, html, ocsf, asff or sarif",
    "audit [REQUEST|verify]": "who did what; prove that nobody touched the log",
    "digest": "post the digest now",
    "help": "this",
}
"""What `/aws-sec` understands: word and arguments -> what it does."""

EXAMPLES = ("status", "trend", "findings critical", "findings new=7d", "compliance cis_5.0", "audit")
"""What may be tried by a click: they only show something, to the person alone."""
FIRST_STEPS = ("status", "findings critical", "help")


def help_page(approvers: Sequence[str], rights: Rights | None) -> Message:
    """Every subcommand, examples to click, what the person may do and whom to ask.

    `rights`: None when Slack does not say just now who is in the groups.
    """
    rows = [f"`/aws-sec {usage}`  {words}" for usage, words in COMMANDS.items()]
    mine = [context(_may(rights, approvers))] if rights else []
    blocks = [
        *lines(["*What I can do*", *rows]),
        section("Try one:"),
        actions(*_tries(EXAMPLES)),
        *mine,
        context(f"Fixes are approved by {_named(approvers)}; never by who asked."),
    ]
    return Message("What /aws-sec can do", blocks)


def did_you_mean(typed: str, near: str, rest: str) -> Message:
    """What is nearest to a word that is no command, to be clicked."""
    words = f"🚫 There is no {code(f'/aws-sec {typed}', 60)}: did you mean {code(f'/aws-sec {near}')}?"
    meant = OfCommand(text=f"{near} {rest}".strip()[:200])
    return Message(words, [section(words, _try(meant.text))])


def greeting(inviter: str) -> Message:
    """The first words in a channel that the bot was invited to.

    No word of the account or of who approves: the channel may be shared, and each name would call its person.
    """
    thanks = f"Thank you, {mention(inviter)}. " if inviter else ""
    what = "I say how safe our AWS account is, and make the fixes that a second person approves."
    words = f"👋 {thanks}I am *aws-sec*. {what}"
    blocks = [
        section(words),
        section(
            "• `/aws-sec status` works in every channel; what I answer, you alone see, but for my own channel.\n"
            "• A fix starts at a finding's *Fix…* button, which shows the exact calls first.\n"
            "• Fixes are approved by somebody else than who asked; `/aws-sec help` says by whom."
        ),
        actions(*_tries(FIRST_STEPS)),
    ]
    return Message("I am aws-sec: `/aws-sec status` says how safe our AWS account is.", blocks)


def may(rights: Rights) -> str:
    """What a person may do, in a sentence."""
    can = ["look at everything", *(["ask for fixes and mute"] if rights.ask else [])]
    can += ["approve what others ask for, and freeze"] if rights.approve else []
    can += ["break the glass"] if rights.break_glass else []
    return f"You may {', '.join(can)}."


def _may(rights: Rights, approvers: Sequence[str]) -> str:
    if rights.ask and rights.approve:
        return may(rights)
    missing = "have something fixed or muted" if not rights.ask else "have a fix approved, or freeze"
    return f"{may(rights)} To {missing}, ask {_named(approvers)}."


def _named(approvers: Sequence[str]) -> str:
    named = [mention(f"/{id}") if id[0] != "S" else f"<!subteam^{plain(id)}>" for id in approvers]
    return ", ".join(named) or "nobody yet: set AWS_SEC_APPROVERS"


def _tries(examples: Sequence[str]) -> Iterator[ButtonElement]:
    return (_try(text, suffix=f".{number}") for number, text in enumerate(examples, 1))


def _try(text: str, suffix: str = "") -> ButtonElement:
    return button(f"/aws-sec {text}", Action.TRY, OfCommand(text=text), suffix=suffix)
