"""Slack's limits of messages and modals as data, and what of a payload breaks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DOCS = "https://docs.slack.dev/reference/"
TEXT_LIMITS = {
    # path: (least, most, page)
    "section.text": (1, 3000, "block-kit/blocks/section-block"),
    "header.text": (1, 150, "block-kit/blocks/header-block"),
    "context.elements.text": (1, 3000, "block-kit/composition-objects/text-object"),
    "input.label": (1, 2000, "block-kit/blocks/input-block"),
    "input.hint": (1, 2000, "block-kit/blocks/input-block"),
    "button.text": (1, 75, "block-kit/block-elements/button-element"),
    "static_select.placeholder": (1, 150, "block-kit/block-elements/select-menu-element"),
    "users_select.placeholder": (1, 150, "block-kit/block-elements/select-menu-element"),
    "multi_static_select.placeholder": (1, 150, "block-kit/block-elements/multi-select-menu-element"),
    "plain_text_input.placeholder": (1, 150, "block-kit/block-elements/plain-text-input-element"),
    "option.text": (1, 75, "block-kit/composition-objects/option-object"),
    "modal.title": (1, 24, "views/modal-views"),
    "modal.submit": (1, 24, "views/modal-views"),
    "modal.close": (1, 24, "views/modal-views"),
}
STRING_LIMITS = {
    "block_id": (1, 255, "block-kit/blocks/section-block"),
    "action_id": (1, 255, "block-kit/block-elements/button-element"),
    "button.value": (1, 2000, "block-kit/block-elements/button-element"),
    "option.value": (1, 150, "block-kit/composition-objects/option-object"),
    "modal.private_metadata": (0, 3000, "views/modal-views"),
    "modal.callback_id": (1, 255, "views/modal-views"),
    "modal.external_id": (0, 255, "views/modal-views"),
    "message.text": (1, 4000, "methods/chat.postMessage"),
    "data_visualization.title": (1, 50, "block-kit/blocks/data-visualization-block"),
    "data_visualization.y_label": (1, 50, "block-kit/blocks/data-visualization-block"),
    "data_visualization.label": (1, 20, "block-kit/blocks/data-visualization-block"),
    "data_table.caption": (1, 3000, "block-kit/blocks/data-table-block"),
    "data_table.cell": (1, 10_000, "block-kit/blocks/data-table-block"),
}
COUNT_LIMITS = {
    "message.blocks": (1, 50, "block-kit/blocks"),
    "modal.blocks": (1, 100, "views/modal-views"),
    "context.elements": (1, 10, "block-kit/blocks/context-block"),
    "actions.elements": (1, 25, "block-kit/blocks/actions-block"),
    "multi_static_select.options": (1, 100, "block-kit/block-elements/multi-select-menu-element"),
    "checkboxes.options": (1, 10, "block-kit/block-elements/checkboxes-element"),
    "static_select.options": (1, 100, "block-kit/block-elements/select-menu-element"),
    "data_visualization.series": (1, 6, "block-kit/blocks/data-visualization-block"),
    "data_visualization.categories": (1, 20, "block-kit/blocks/data-visualization-block"),
    "data_table.rows": (2, 101, "block-kit/blocks/data-table-block"),
    "data_table.row": (1, 20, "block-kit/blocks/data-table-block"),
}
CHARTS, TABLES = 2, 1
"""In one message. Slack says so where there are more: https://github.com/vercel/chat/pull/696"""
TABLE_CHARACTERS = 10_000
MESSAGE_CHARACTERS = 13_000
"""All texts of a message's blocks (`msg_blocks_too_long`): https://github.com/slackapi/bolt-js/issues/2509"""
INPUT_CHARACTERS = 3000
"""https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""
KEYS = {
    # "invalid additional property" is what Slack answers to any other
    "section": {"type", "block_id", "text", "accessory"},
    "header": {"type", "block_id", "text"},
    "context": {"type", "block_id", "elements"},
    "divider": {"type", "block_id"},
    "actions": {"type", "block_id", "elements"},
    "input": {"type", "block_id", "label", "hint", "element"},
    "button": {"type", "action_id", "text", "value", "style"},
    "static_select": {"type", "action_id", "placeholder", "options", "initial_option"},
    "multi_static_select": {"type", "action_id", "placeholder", "options", "initial_options"},
    "checkboxes": {"type", "action_id", "options", "initial_options"},
    "users_select": {"type", "action_id", "placeholder"},
    "data_visualization": {"type", "block_id", "title", "chart"},
    "data_table": {"type", "block_id", "caption", "page_size", "rows"},
    "raw_text": {"type", "text"},
    "raw_number": {"type", "value", "text"},
    "plain_text_input": {"type", "action_id", "multiline", "min_length", "max_length"},
    "mrkdwn": {"type", "text", "verbatim"},
    "plain_text": {"type", "text", "emoji"},
    "home": {"type", "callback_id", "external_id", "private_metadata", "blocks"},
    "modal": {"type", "callback_id", "external_id", "title", "submit", "close", "private_metadata", "blocks"},
}


def problems_of_message(payload: Mapping[str, Any]) -> list[str]:
    """Why Slack would refuse a message's `text` and `blocks`."""
    return [*_message(payload)]


def problems_of_view(view: Mapping[str, Any]) -> list[str]:
    """Why Slack would refuse a modal."""
    return [*_view(view)]


def texts(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every text object of a message or modal."""
    if payload.get("type") in ("mrkdwn", "plain_text"):
        yield payload
    for value in payload.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from texts(one)


def _message(payload: Mapping[str, Any]) -> Iterator[str]:
    yield from _string("message.text", payload.get("text", ""))
    yield from _blocks("message.blocks", payload.get("blocks", []))
    kinds = [block["type"] for block in payload.get("blocks", [])]
    if kinds.count("data_visualization") > CHARTS or kinds.count("data_table") > TABLES:
        yield "message: too many charts or tables"
    if (total := sum(len(text["text"]) for text in texts(payload))) > MESSAGE_CHARACTERS:
        yield f"message: {total} characters in all (at most {MESSAGE_CHARACTERS})"


def _view(view: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys(view)
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _text(f"modal.{name}", view[name], "plain_text")
    for name in ("private_metadata", "callback_id", "external_id"):
        if name in view or view["type"] == "modal":  # a Home tab needs none of them
            yield from _string(f"modal.{name}", view.get(name, ""))
    yield from _blocks("modal.blocks", view["blocks"])
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        yield "modal: an input needs a submit button"


def _blocks(where: str, blocks: list[Mapping[str, Any]]) -> Iterator[str]:
    yield from _count(where, blocks)
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len({*ids}):
        yield f"{where}: block ids {ids} are not unique"
    for block in blocks:
        yield from _block(block)


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys(block)
    if "block_id" in block:
        yield from _string("block_id", block["block_id"])
    match block["type"]:
        case "section":
            yield from _text("section.text", block["text"], "mrkdwn", "plain_text")
            yield from _elements([block["accessory"]] if "accessory" in block else [])
        case "header":
            yield from _text("header.text", block["text"], "plain_text")
        case "context":
            yield from _count("context.elements", block["elements"])
            for element in block["elements"]:
                yield from _text("context.elements.text", element, "mrkdwn", "plain_text")
        case "actions":
            yield from _count("actions.elements", block["elements"])
            yield from _elements(block["elements"])
        case "input":
            yield from _text("input.label", block["label"], "plain_text")
            if "hint" in block:
                yield from _text("input.hint", block["hint"], "plain_text")
            yield from _elements([block["element"]])
        case "data_visualization" | "data_table" as kind:
            yield from (_table if kind == "data_table" else _chart)(block)


def _chart(block: Mapping[str, Any]) -> Iterator[str]:
    chart, axis = block["chart"], block["chart"]["axis_config"]
    yield from _string("data_visualization.title", block["title"])
    yield from _string("data_visualization.y_label", axis["y_label"])
    yield from _count("data_visualization.series", chart["series"])
    yield from _count("data_visualization.categories", axis["categories"])
    for word in [*axis["categories"], *(one["name"] for one in chart["series"])]:
        yield from _string("data_visualization.label", word)
    if len({one["name"] for one in chart["series"]}) < len(chart["series"]):
        yield "data_visualization: names of series are not unique"
    if any([point["label"] for point in one["data"]] != axis["categories"] for one in chart["series"]):
        yield "data_visualization: the points are not those of the axis"
    if chart["type"] not in ("line", "bar", "area") or len({*axis["categories"]}) < len(axis["categories"]):
        yield "data_visualization: type, or categories that are the same"


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _string("data_table.caption", block["caption"])
    yield from _count("data_table.rows", block["rows"])
    for row in block["rows"]:
        yield from _count("data_table.row", row)
        for cell in row:
            yield from _keys(cell)
            yield from _string("data_table.cell", cell["text"])
    if len({len(row) for row in block["rows"]}) != 1 or not 1 <= block["page_size"] <= 100:
        yield "data_table: rows of different lengths, or page_size"
    if sum(len(cell["text"]) for row in block["rows"] for cell in row) > TABLE_CHARACTERS:
        yield "data_table: too many characters"


def _elements(elements: list[Mapping[str, Any]]) -> Iterator[str]:
    ids = [element["action_id"] for element in elements]
    if len(ids) != len({*ids}):
        yield f"action ids {ids} are not unique in their block"
    for element in elements:
        yield from _keys(element)
        yield from _string("action_id", element["action_id"])
        match element["type"]:
            case "button":
                yield from _text("button.text", element["text"], "plain_text")
                yield from _string("button.value", element.get("value", "-"))
                if element.get("style", "primary") not in ("primary", "danger"):
                    yield f"button.style: {element['style']}"
            case "static_select" | "multi_static_select":
                yield from _text(f"{element['type']}.placeholder", element["placeholder"], "plain_text")
                yield from _options(element)
            case "checkboxes":
                yield from _options(element)
            case "plain_text_input":
                if not 0 <= element.get("min_length", 0) <= element.get("max_length", 1) <= INPUT_CHARACTERS:
                    yield "plain_text_input: min_length, max_length"


def _options(element: Mapping[str, Any]) -> Iterator[str]:
    kind, options = element["type"], element["options"]
    yield from _count(f"{kind}.options", options)
    for option in options:
        yield from _text("option.text", option["text"], "plain_text")
        yield from _string("option.value", option["value"])
    chosen = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    if any(option not in options for option in chosen):
        yield f"{kind}: what is chosen at first is none of the options"


def _keys(part: Mapping[str, Any]) -> Iterator[str]:
    if part["type"] not in KEYS:
        yield f"{part['type']}: unknown type"
    elif more := {*part} - KEYS[part["type"]]:
        yield f"{part['type']}: invalid additional property: {', '.join(sorted(more))}"


def _text(where: str, text: Mapping[str, Any], *types: str) -> Iterator[str]:
    yield from _keys(text)
    if text["type"] not in types:
        yield f"{where}: must be {' or '.join(types)}"
    least, most, page = TEXT_LIMITS[where]
    yield from _within(where, len(text["text"]), least, most, page)


def _string(where: str, text: str) -> Iterator[str]:
    least, most, page = STRING_LIMITS[where]
    yield from _within(where, len(text), least, most, page)


def _count(where: str, some: list[Any]) -> Iterator[str]:
    least, most, page = COUNT_LIMITS[where]
    yield from _within(where, len(some), least, most, page)


def _within(where: str, got: int, least: int, most: int, page: str) -> Iterator[str]:
    if not least <= got <= most:
        yield f"{where}: {got} is not within {least} and {most} ({DOCS}{page})"
