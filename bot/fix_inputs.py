"""What the settings tell fixes (`fix_inputs`): one value for all regions, or one for each region."""

from __future__ import annotations

import re

from bot.nearest import did_you_mean
from bot.settings import BadSettings, Settings, variable
from checks.inputs import INPUTS
from checks.kit import Fix, NotApplicable

SETTING = "fix_inputs"


def inputs_of(fix: Fix, settings: Settings, region: str) -> dict[str, str]:
    """What a plan is told in a region. Raises NotApplicable, which names the setting to fill in."""
    found = {}
    for name, needed in fix.inputs.items():
        given = settings.fix_inputs.get(name, "")
        value = given if isinstance(given, str) else given.get(region, "")
        if value:
            found[name] = value
        elif needed:
            where = "" if isinstance(given, str) else f"[{region}]"
            raise NotApplicable(f"set {variable(SETTING)}[{name}]{where}, the {INPUTS[name].about}")
    return found


def check_inputs(settings: Settings) -> None:
    """Raise BadSettings for an input that no fix has, or a value of another form than its own."""
    for name, value in settings.fix_inputs.items():
        what = f"{variable(SETTING)}[{name}]"
        if name not in INPUTS:
            raise BadSettings(f"{what}: no fix takes it{did_you_mean(name, INPUTS)}")
        for one in [value] if isinstance(value, str) else value.values():
            if one and not re.fullmatch(INPUTS[name].form, one):
                raise BadSettings(f"{what}: must be the {INPUTS[name].about}, as {INPUTS[name].example}")
