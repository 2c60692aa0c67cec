"""What the declarations of this room have in common."""

from __future__ import annotations

from typing import Any

from proxtui.config.models import Role
from proxtui.core.operation import GUESTS, Operation, Risk

ACTS = "proxtui.features.guests.acts"
MODELS = "proxtui.pve.params"
OWN_MODELS = "proxtui.features.guests.params"
PREPARED_BY = "proxtui.features.guests.preparing:prepare"


def declare(
    verb: str,
    label: str,
    summary: str,
    *,
    needs: str | tuple[str, ...],
    params: str = "",
    keeps: str = "",
    tasks: str = "",
    **more: Any,
) -> Operation:
    """A change to guests, for operators and harmless unless ``more`` says otherwise.

    ``needs`` are privileges, ``keeps`` the parameters that the audit keeps, ``tasks`` types of tasks; ``more`` are
    other fields of ``Operation``.
    """
    usual = {"kinds": GUESTS, "risk": Risk.SAFE, "role": Role.OPERATOR}
    return Operation(
        name=f"guests.{verb}",
        label=label,
        summary=summary,
        privileges=(needs,) if isinstance(needs, str) else needs,
        run_by=f"{ACTS}:{verb.replace('-', '_')}",
        params_by=params,
        audited=frozenset(keeps.split()),
        tasks=tuple(tasks.split()),
        prepared_by=PREPARED_BY if params else "",
        **{**usual, **more},
    )
