"""Text inside Block Kit: what comes from AWS or a person never becomes markup, a mention, a link or an emoji.

Escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo

from bot.people import Person
from bot.words import when
from checks.kit import Severity

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories a name has no use for: control, direction overrides, line separators, unassigned."""
BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that show nothing. Source: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point"""
JOINED = re.compile("(?<=[\u203c-\u3299\U0001f000-\U0001faff\ufe0f])[\u200d\ufe0f]")
"""What joins and colours emoji, behind one."""
ACCENT = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
STACK = re.compile(f"({ACCENT}{{3}}){ACCENT}+")
"""More accents on one letter than any language has: they would cover the lines above and below."""
ISOLATE, END = "\u2068", "\u2069"
"""Around text that has letters written from the right: they order nothing beside it.
Source: https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates"""
LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "'"})  # noqa: RUF001  # they look alike on purpose
EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
EMOJI = re.compile(r":(?=[^\s:]+(?::|$))")
"""A colon that begins an emoji's name; at the end of a text, because a colon may follow it."""
MARKS = {Severity.CRITICAL: "🟥", Severity.HIGH: "🟧", Severity.MEDIUM: "🟨", Severity.LOW: "⬜"}


def cut(text: str, length: int) -> str:
    """At most so many characters; an ellipsis tells that there was more."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def cut_markup(text: str, length: int) -> str:
    """The same for mrkdwn made of our words and escaped ones: what was inside inline code stays inside, and a mention,
    a link or a moment is there whole or not at all."""
    short = cut(text, length)
    if (begun := short.rfind("<")) > short.rfind(">"):
        short = cut(text, length := begun + 1)
    if short.count("`") % 2:
        short = cut(text, length - 1)
    return short + "`" * (short.count("`") % 2)


def shown(text: str) -> str:
    """The text, in which whatever is invisible shows, or cannot be told from what is not there; emoji stay whole."""
    bare = STACK.sub(r"\1�", BLANKS.sub("�", JOINED.sub("", text)))
    return "".join("�" if unicodedata.category(c) in INVISIBLE and c != "\n" else c for c in bare)


def visible(text: str) -> str:
    """The same in one line."""
    return shown(" ".join(text.split()))


def isolated(text: str) -> str:
    """The text, so that its direction is its own business."""
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return f"{ISOLATE}{text}{END}"
    return text


def escape(text: str) -> str:
    """Slack's three characters, which open mentions, links and dates."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, length: int = 200) -> str:
    """A name, ARN or call as inline code, in which nothing is markup."""
    return f"`{isolated(escape(cut(visible(text), length).replace('`', chr(39)))) or ' '}`"


def plain(text: str, length: int = 500) -> str:
    """Words of AWS or a person inside mrkdwn, shown as they are."""
    words = cut(visible(text), length).translate(LOOKALIKES)
    words = EDGE_UNDERSCORE.sub(lambda found: "＿" * len(found[0]), words)  # noqa: RUF001
    return isolated(escape(EMOJI.sub("∶", words)))  # noqa: RUF001


def mention(person: str | None) -> str:
    """Who, from what the database keeps (`team/user`): a mention of a Slack user, or the words."""
    who = Person.parse(person or "")
    if re.fullmatch(r"[UW][A-Z0-9]+", who.user):
        return f"<@{who.user}>"
    return "aws-sec" if who.team == "aws-sec" else plain(person or "somebody")


def moment(at: datetime | None, zone: tzinfo) -> str:
    """A moment, which Slack shows each reader in their own time zone, and where it cannot, in this one, by its name.

    For mrkdwn only; `bot.words.when` is for plain text. Source:
    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    if at is None:
        return when(at)
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{escape(when(at, zone))}>"


def severity(level: int) -> str:
    """The mark and the word: the mark only repeats it."""
    return f"{MARKS[Severity(level)]} *{Severity(level).word.capitalize()}*"
