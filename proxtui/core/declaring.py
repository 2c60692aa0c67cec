"""How rooms declare their changes: what most of a room's changes share is said once."""

from __future__ import annotations

from typing import Any, Protocol

from proxtui.core.operation import Operation

MODELS = "proxtui.pve.params"


class Declare(Protocol):
    """Declares one change of a room."""

    def __call__(
        self,
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
        """``needs`` are privileges, ``params`` is a model (of the library unless it says ``module:Class``), ``keeps``
        the parameters that the audit keeps, ``tasks`` types of tasks; ``more`` are other fields of ``Operation``.
        """


def declaring(room: str, **usual: Any) -> Declare:
    """A way to declare the changes of a room, which are as ``usual`` says (fields of ``Operation``) where they differ
    not. ``acts.py`` of the room makes them, by functions called as the verbs.
    """

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
        said = {**usual, **more}
        if not params:
            said.pop("prepared_by", None)
        return Operation(
            name=f"{room}.{verb}",
            label=label,
            summary=summary,
            privileges=(needs,) if isinstance(needs, str) else needs,
            run_by=f"proxtui.features.{room}.acts:{verb.replace('-', '_')}",
            params_by=params if ":" in params or not params else f"{MODELS}:{params}",
            audited=frozenset(keeps.split()),
            tasks=tuple(tasks.split()),
            **said,
        )

    return declare
