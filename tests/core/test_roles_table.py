"""The table of roles in the documentation is what the declarations say."""

from __future__ import annotations

import re
from pathlib import Path

from proxtui.config.models import Config, Role
from proxtui.core.actor import Actor
from proxtui.core.catalogue import Catalogue
from proxtui.core.policy import Policy
from proxtui.registry import FEATURES

PAGE = Path(__file__).parents[2] / "docs" / "changing.md"


def test_the_page_tells_which_role_may_what() -> None:
    told: dict[str, set[Role]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] in {feature.name for feature in FEATURES}:
            for cell, roles in zip(cells[1:], ({Role.OPERATOR, Role.ADMIN}, {Role.ADMIN}), strict=True):
                told |= {f"{cells[0]}.{verb}": roles for verb in re.findall(r"`([a-z-]+)`", cell)}
    actor = Actor(user="alice", role=Role.ADMIN, os_user="alice", uid=1000, pid=1, host="here")
    table = Policy(Config(), actor).table(Catalogue(FEATURES).all().values())
    assert told == {name: {role for role, may in roles.items() if may} for name, roles in table.items()}
