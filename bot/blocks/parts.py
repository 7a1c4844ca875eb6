"""The pieces messages and modals are made of, kept within Slack's limits.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    CheckboxesElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    InputInteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
    TextObject,
    UserSelectElement,
)
from slack_sdk.models.views import View as SlackView

from bot.blocks.text import cut, cut_markup, escape, shown, visible
from bot.ids import Action, Input, Value, View

SECTION = 3000
FALLBACK = 1000
BUTTON = 75
BLOCKS = 50
BOXES = 10
BLOCK_ID = 255
MESSAGE = 10_000
"""Characters of all blocks together; Slack refuses somewhere above 11,000 (`msg_blocks_too_long`)."""


@dataclass(frozen=True)
class Message:
    """A message: `text` is what notifications and screen readers say."""

    text: str
    blocks: Sequence[Block]

    def payload(self) -> dict[str, Any]:
        """As chat.postMessage, chat.update and response URLs take it."""
        return {
            "text": cut_markup(self.text, FALLBACK) or "aws-sec",
            "blocks": [block.to_dict() for block in _fitting(self.blocks)],
        }


def sentence(text: str) -> Message:
    """One sentence, in mrkdwn."""
    return Message(text, [section(text)])


def header(text: str) -> HeaderBlock:
    return HeaderBlock(text=PlainTextObject(text=cut(visible(text), 150), emoji=False))


def section(text: str, button: ButtonElement | None = None) -> SectionBlock:
    return SectionBlock(text=_mrkdwn(cut_markup(text, SECTION)), accessory=button)


def lines(texts: Sequence[str]) -> Iterator[SectionBlock]:
    """Sections that hold all the lines, as few as there can be; no line is split."""
    held: list[str] = []
    for text in [cut_markup(line, SECTION) for line in texts]:
        if held and sum(map(len, held)) + len(held) + len(text) > SECTION:
            yield section("\n".join(held))
            held = []
        held.append(text)
    if held:
        yield section("\n".join(held))


def quoted(text: str, length: int = 1000) -> SectionBlock:
    """What a person wrote, as plain text."""
    return SectionBlock(text=PlainTextObject(text=cut(shown(text.strip()), length) or " ", emoji=False))


def preformatted(title: str, text: str) -> SectionBlock:
    """Text to copy, as it is, under a title of ours."""
    return SectionBlock(text=_mrkdwn(f"*{title}*\n```{escape(cut(shown(text).replace('`', chr(39)), 1200))}```"))


def context(text: str) -> ContextBlock:
    return ContextBlock(elements=[_mrkdwn(cut_markup(text, 2000))])


def divider() -> DividerBlock:
    return DividerBlock()


def actions(*elements: ButtonElement | StaticSelectElement, id: str | None = None) -> ActionsBlock:
    return ActionsBlock(elements=list(elements), block_id=id)


def button(words: str, action: Action, value: Value, *, style: str | None = None, suffix: str = "") -> ButtonElement:
    """A button. `suffix` keeps action ids apart where one block has two of a kind."""
    return ButtonElement(
        text=PlainTextObject(text=cut(words, BUTTON), emoji=False),
        action_id=f"{action}{suffix}",
        value=value.pack(),
        style=style,
    )


def select(
    placeholder: str, action: Action, options: Mapping[str, str], *, suffix: str = "", chosen: str | None = None
) -> StaticSelectElement:
    """A menu of value -> words. `suffix`: as a button's; `chosen`: what is shown as the choice."""
    given = _options(options)
    return StaticSelectElement(
        placeholder=_words(cut(placeholder, 150)),
        action_id=f"{action}{suffix}",
        options=given,
        initial_option=next((option for option in given if option.value == chosen), None),
    )


def text_input(input: Input, label: str, hint: str, *, length: int = 500, multiline: bool = True) -> InputBlock:
    """A question that needs an answer; block id and action id are the input's name."""
    element = PlainTextInputElement(action_id=input.value, multiline=multiline, max_length=length, min_length=1)
    return InputBlock(label=_words(label), hint=_words(hint), block_id=input.value, element=element)


def person_input(input: Input, label: str) -> InputBlock:
    """A question that a person of the workspace answers."""
    element = UserSelectElement(placeholder=_words(label), action_id=input.value)
    return InputBlock(label=_words(label), block_id=input.value, element=element)


def choice(input: Input, label: str, options: Mapping[str, str], chosen: str) -> InputBlock:
    """A question with few answers, one of them chosen beforehand."""
    given = _options(options)
    element = StaticSelectElement(
        placeholder=_words(label),
        action_id=input.value,
        options=given,
        initial_option=next(option for option in given if option.value == chosen),
    )
    return InputBlock(label=_words(label), block_id=input.value, element=element)


def choices(input: Input, label: str, options: Mapping[str, str]) -> InputBlock:
    """A question with several answers at once, all of them chosen beforehand: boxes to tick, while Slack takes so many.

    Limit: https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element
    """
    given = _options(options)
    element: InputInteractiveElement = (
        CheckboxesElement(action_id=input.value, options=given, initial_options=given)
        if len(given) <= BOXES
        else StaticMultiSelectElement(
            placeholder=_words(label), action_id=input.value, options=given, initial_options=given
        )
    )
    return InputBlock(label=_words(label), block_id=input.value, element=element)


def modal(
    view: View,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    close: str = "Close",
    value: Value | None = None,
) -> dict[str, Any]:
    """A modal as views.open and views.update take it."""
    return SlackView(
        type="modal",
        callback_id=view.value,
        title=_words(cut(title, 24)),
        submit=_words(submit) if submit else None,
        close=_words(close),
        private_metadata=value.pack() if value else "",
        blocks=blocks[:100],
    ).to_dict()


def wait(words: str) -> dict[str, Any]:
    """A modal to look at while something takes its time."""
    return modal(View.WAIT, "One moment", [section(f"⏳ {words}")])


def say(title: str, *texts: str) -> dict[str, Any]:
    """A modal that only says something."""
    return modal(View.SAY, title, [section(text) for text in texts])


def fits(blocks: Sequence[Block]) -> bool:
    """Whether a message can show the blocks, and a few more, without cutting any."""
    return len(blocks) <= BLOCKS - 4 and sum(len(text.text or "") for text in _texts(blocks)) <= MESSAGE - 1000


def _fitting(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks within Slack's limits for a whole message: the longest texts are cut until it fits."""
    texts = _texts(blocks[:BLOCKS])
    while sum(len(text.text or "") for text in texts) > MESSAGE:
        longest = max(texts, key=lambda text: len(text.text or ""))
        longest.text = cut_markup(longest.text or "", len(longest.text or "") // 2)
    return blocks[:BLOCKS]


def _texts(blocks: Sequence[Block]) -> list[TextObject]:
    return [block.text for block in blocks if isinstance(block, SectionBlock) and block.text]


def _mrkdwn(text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=text or " ", verbatim=True)  # verbatim: no link where the text only looks like one


def _words(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _options(options: Mapping[str, str]) -> list[Option]:
    return [Option(value=value, text=_words(cut(visible(words), BUTTON))) for value, words in options.items()]
