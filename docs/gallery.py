"""Slack's blocks as Markdown, for the page that shows every message."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

Data = Mapping[str, Any]
LINES = 12
"""Lines of one text that are shown; the rest is counted."""
TOKENS = re.compile(r"`[^`]*`|<[^>]*>")
KINDS = {"modal": "modal", "home": "home tab"}


def one_example(name: str, payload: Data) -> str:
    """A message, a modal or the home tab under its name."""
    kind = KINDS.get(payload.get("type", ""), "message")
    head = f"## {heading(name)}\n\nA {kind}."
    if kind == "message":
        head += f" What a notification says: {mrkdwn(payload['text'], 1)}"
    title = [f"**{words(payload['title'])}**"] if kind == "modal" else []
    shown = [*title, *(line for block in payload["blocks"] for line in _block(block)), *_ends(payload)]
    quoted = "\n>\n".join("\n".join(f"> {line}" for line in part.split("\n")) for part in shown if part)
    picture = f"![{heading(name)}](images/messages/{name}.png)"
    return f"{head}\n\n{picture}\n\n<details><summary>In text</summary>\n\n{quoted}\n\n</details>\n"


def heading(name: str) -> str:
    return name.replace("_", " ")


def _block(block: Data) -> Iterator[str]:
    """The paragraphs of a block. Kinds: https://docs.slack.dev/reference/block-kit/blocks"""
    kind = block["type"]
    if kind == "divider":
        yield "---"
    elif kind == "header":
        yield f"**{words(block['text'])}**"
    elif kind == "section":
        yield from _text(block["text"])
        yield _element(block["accessory"]) if block.get("accessory") else ""
    elif kind == "context":
        yield " ".join(f"<sub>{mrkdwn(element['text'])}</sub>" for element in block["elements"])
    elif kind == "actions":
        yield " ".join(_element(element) for element in block["elements"])
    elif kind == "input":
        hint = f" <sub>{words(block['hint'])}</sub>" if block.get("hint") else ""
        yield f"{words(block['label'])} → {_element(block['element'])}{hint}"
    elif kind == "data_table":
        yield _table(block)
    elif kind == "data_visualization":
        yield _chart(block)
    else:
        raise ValueError(f"the gallery cannot show {kind} yet")


def _table(block: Data) -> str:
    """The first page of a table, and its caption."""
    head, *rows = ([words(cell) for cell in row] for row in block["rows"])
    page = rows[: block["page_size"]]
    listed = [head, ["---"] * len(head), *page]
    more = f"\n\n<sub>… and {len(rows) - len(page)} more rows to turn to</sub>" if rows[len(page) :] else ""
    caption = _literal(html.escape(block["caption"], quote=False))
    return "\n".join(f"| {' | '.join(row)} |" for row in listed) + f"{more}\n\n<sub>{caption}</sub>"


def _chart(block: Data) -> str:
    """What a chart shows, where Slack draws it: how each series begins and ends."""
    chart = block["chart"]
    ends = [
        f"{one['name']} {one['data'][0]['value']} on {one['data'][0]['label']} to {one['data'][-1]['value']}"
        f" on {one['data'][-1]['label']}"
        for one in chart["series"]
    ]
    about = f"{chart['type']} chart, {len(chart['axis_config']['categories'])} days"
    return f"**{block['title']}** ({about}): {'; '.join(ends)}"


def _element(element: Data) -> str:
    """A button, or what one types or chooses from."""
    if element["type"] == "button":
        return f"<kbd>{words(element['text'])}</kbd>"
    if element["type"] == "plain_text_input":
        return "\\_\\_\\_\\_"
    chosen = element.get("initial_options") or [element.get("initial_option")]
    if chosen == [None]:
        return f"<kbd>{words(element['placeholder'])} ▾</kbd>"
    return " / ".join(f"**{words(o['text'])}**" if o in chosen else words(o["text"]) for o in element["options"])


def _ends(payload: Data) -> Iterator[str]:
    """The buttons at the foot of a modal."""
    yield " ".join(f"<kbd>{words(payload[name])}</kbd>" for name in ("submit", "close") if payload.get(name))


def _text(text: Data) -> Iterator[str]:
    """Paragraphs of a text; what is to be copied stays as it is."""
    if text["type"] == "plain_text":
        yield words(text)
        return
    for number, part in enumerate(text["text"].split("```")):
        yield f"```text\n{html.unescape(part)}\n```" if number % 2 else mrkdwn(part.strip("\n"))


def words(text: Data) -> str:
    """Plain text, in which nothing is Markdown."""
    return _literal(html.escape(text["text"], quote=False)).replace("*", "\\*")


def mrkdwn(text: str, lines: int = LINES) -> str:
    """Slack's markup as Markdown. https://docs.slack.dev/messaging/formatting-message-text"""
    found = text.split("\n")
    more = [f"… and {len(found) - lines} more lines"] if len(found) > lines else []
    return "\\\n".join([*(_line(line) for line in found[:lines]), *more])


def _line(line: str) -> str:
    marks = iter(TOKENS.findall(line))
    rest = re.sub(r"\*([^*]+)\*", r"**\1**", _literal(TOKENS.sub("\0", line)))
    return re.sub("\0", lambda _: _mark(next(marks)), rest)


def _mark(mark: str) -> str:
    """Code, a link, a mention, or a moment."""
    if mark[0] == "`":
        return html.unescape(mark)
    target, _, label = mark[1:-1].partition("|")
    if target.startswith("!date^"):
        return _literal(label)
    return f"[{label or target}]({target})" if target.startswith("https:") else f"**{target}**"


def _literal(text: str) -> str:
    return re.sub(r"([_~|\[\]\\])", r"\\\1", text)
