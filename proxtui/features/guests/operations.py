"""Every change to a guest: what is done every day for operators, what makes, alters or ends one for admins."""

from __future__ import annotations

from proxtui.core.operation import Operation
from proxtui.features.guests.operations_config import CONFIG
from proxtui.features.guests.operations_life import LIFE
from proxtui.features.guests.operations_power import POWER
from proxtui.features.guests.operations_saves import SAVES

OPERATIONS: tuple[Operation, ...] = (*POWER, *SAVES, *LIFE, *CONFIG)
