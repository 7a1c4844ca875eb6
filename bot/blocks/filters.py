"""What narrows a list: in words, in menus that change it in place, and how to be rid of it."""

from __future__ import annotations

from collections.abc import Mapping

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.parts import BLOCK_ID, actions, button, context, select
from bot.blocks.text import code, visible
from bot.ids import Action, OfList, Spot
from bot.store.tallies import Choices
from bot.words import plural
from checks.kit import Severity

ANY = "*"
"""Chosen in a menu: no filter of this kind."""
OPTION = 100
"""Longer values than a spot may carry are not offered."""
DAYS: Mapping[str, str] = {"1": "a day", "7": "a week", "30": "a month", "90": "three months"}
NONE: Mapping[str, object] = {name: field.default for name, field in OfList.model_fields.items()}
LABELS: Mapping[str, str] = {"days": "New since"}
FILTERS = ("account", "region", "service", "severity", "owner", "days")
"""What menus can narrow by; words can also ask for muted findings and part of a name."""


def narrowing(asked: OfList) -> list[str]:
    """Each filter that is on, in words."""
    of = [_at_least(asked.severity)] if asked.severity else []
    of += [f"account {code(asked.account)}"] if asked.account else []
    of += [f"in {code(asked.region)}"] if asked.region else []
    of += [f"of {code(asked.service)}"] if asked.service else []
    of += [f"{'owned by' if asked.whole else 'owner like'} {code(asked.owner)}"] if asked.owner else []
    of += [f"new in {plural(asked.days, 'day')}"] if asked.days else []
    return of + ([f"with {code(asked.text)}"] if asked.text else [])


def filter_blocks(at: Spot, choices: Choices | None, *, note: str = "") -> list[Block]:
    """The filters that are on, and the menus where they are open."""
    on = [*(["muted ones"] if at.asked.muted else []), *narrowing(at.asked)]
    blocks: list[Block] = [context(f"🔎 *Only* {', '.join(on)}{note}")] if on else []
    if choices is None:
        return blocks
    packed = at.pack()
    if len(packed) > BLOCK_ID:  # a menu's options are too short to carry the place, so its block's id does
        words = "There is no room for menus: type the filters, as in `/aws-sec status high region=eu-west-1 new=7d`."
        return [*blocks, context(words)]
    menus = [
        select(
            LABELS.get(name, name.capitalize()),
            Action.FILTER,
            options,
            suffix=f".{name}",
            chosen=_chosen(at.asked, name),
        )
        for name, options in _options(choices).items()
    ]
    return [*blocks, actions(*menus, id=packed)]


def is_narrow(asked: OfList) -> bool:
    """Whether any filter is on."""
    return asked.muted or bool(narrowing(asked))


def filter_buttons(at: Spot) -> list[ButtonElement]:
    """Open or close the menus; clear what is on."""
    words, menus = ("Hide filters", False) if at.menus else ("Filter…", True)
    found = [button(words, Action.OPEN, at.model_copy(update={"menus": menus}), suffix=".filter")]
    if is_narrow(at.asked):
        found.append(button("Clear filters", Action.OPEN, cleared(at), suffix=".clear"))
    return found


def cleared(at: Spot) -> Spot:
    """The same place without a filter, at its first page."""
    return at.moved(**{name: NONE[name] for name in (*FILTERS, "whole", "muted", "text", "page")}, checks_page=0)


def _chosen(asked: OfList, name: str) -> str | None:
    value = getattr(asked, name)
    return str(value) if value else None


def _options(choices: Choices) -> dict[str, dict[str, str]]:
    menus = {
        "severity": {str(level): _at_least(level) for level in (4, 3, 2)},
        "region": _counted(choices.regions),
        "service": _counted(choices.services),
        "owner": _counted(choices.owners),
        "days": {days: f"new in {words}" for days, words in DAYS.items()},
        "account": {one: one for one in choices.accounts} if len(choices.accounts) > 1 else {},
    }
    wide = {"days": "any age", "severity": "any severity"}
    return {name: {ANY: wide.get(name, f"every {name}"), **options} for name, options in menus.items() if options}


def _at_least(level: int) -> str:
    words = Severity(level).word
    return words if level == Severity.CRITICAL else f"{words} and worse"


def _counted(values: Mapping[str, int]) -> dict[str, str]:
    return {
        value: f"{visible(value)[:50]} ({count:,})"
        for value, count in values.items()
        if 0 < len(value) <= OPTION and value == visible(value)  # no spot carries what nobody sees
    }
