"""From when on `proxtui status` warns, and from when on it calls something critical."""

from __future__ import annotations

from dataclasses import dataclass

from proxtui.config.checks import Value, refuse_outside

_PERCENT, _DAYS, _HOURS = 100.0, 3650.0, 87_600.0


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Thresholds(Value):
    """A part of the settings. 0 switches one off: for load and age that of nothing, for days left that of no day."""

    warn_storage: float = 90.0
    """Percent of a storage that are taken."""
    crit_storage: float = 97.0
    warn_memory: float = 90.0
    """Percent of a node's memory that are taken."""
    crit_memory: float = 0.0
    """PVE keeps running with full memory, so this is off unless somebody wants it."""
    warn_certificate_days: float = 14.0
    """Days that the certificate of a server is still valid."""
    crit_certificate_days: float = 3.0
    warn_backup_hours: float = 0.0
    """Hours since the newest backup of a guest; storages are only asked for them where one of the two is set."""
    crit_backup_hours: float = 0.0

    def check_thresholds(self) -> None:
        """ValueError for one out of bounds, and for a critical one that comes before its warning."""
        bounds = {"storage": _PERCENT, "memory": _PERCENT, "certificate_days": _DAYS, "backup_hours": _HOURS}
        for name, most in bounds.items():
            warn, crit = getattr(self, f"warn_{name}"), getattr(self, f"crit_{name}")
            refuse_outside(f"warn_{name}", warn, 0, most)
            refuse_outside(f"crit_{name}", crit, 0, most)
            early = crit > warn if name == "certificate_days" else crit < warn
            if warn and crit and early:
                raise ValueError(f"crit_{name}: {crit:g} would come before the warning at {warn:g}")
