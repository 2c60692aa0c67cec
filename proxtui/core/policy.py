"""Who may change what: the role, what the configuration leaves of it, the lock, and the login's privileges in PVE.

The first two decide; the others are asked so that nothing is offered which would be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from proxtui.config.models import Config, Role, Rules
from proxtui.core.actor import Actor
from proxtui.core.model import ServerRef
from proxtui.core.operation import Operation, Risk, Target

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions

_RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}
_HARDNESS = {Risk.SAFE: 0, Risk.DISTURBS: 1, Risk.DESTROYS: 2}
_LEAST_RISK = {"risk": Risk.SAFE, "all": Risk.DISTURBS, "typed": Risk.DESTROYS}


def _never(_ref: ServerRef) -> str | None:
    return None


class Policy:
    """The rules of one configuration for one person. Nothing here waits or sends.

    ``names`` gives those of all operations, first asked for when a rule names some: a rule that means none of them
    refuses every change, because what it should have kept somebody from is not known. None: that is not looked at.
    """

    def __init__(
        self,
        config: Config,
        actor: Actor,
        locked: Callable[[ServerRef], str | None] = _never,
        names: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self._config = config
        self._actor = actor
        self._locked = locked
        self._names = names
        self._misspelt: dict[str, str | None] = {}

    def role(self, tenant: str) -> Role:
        """The role of this person in a tenant. Whoever is not in a configuration of several people may only look."""
        if not self._config.users:
            return self._actor.role
        user = self._config.user(self._actor.user)
        return Role.VIEWER if user is None else user.roles.get(tenant, Role.VIEWER)

    def refusal(self, operation: Operation, ref: ServerRef) -> str | None:
        """Why this person may not, in one line; None when they may."""
        role = self.role(ref.tenant)
        if _RANK[role] < _RANK[operation.role]:
            return f"{operation.label}: needs role {operation.role.value} in {ref.tenant}, you are {role.value}"
        if (wrong := self._wrong_rule(ref.tenant)) is not None:
            return f"{operation.label}: {wrong}"
        for rules in self._config.rules(ref.tenant):
            if _among(operation.name, rules.denied_operations):
                return f"{operation.label}: {operation.name} is among denied_operations"
            if operation.is_any and rules.denied_operations:
                return f"{operation.label}: it could be any change, and some are among denied_operations"
            if not _among(operation.name, rules.allowed_operations):
                return f"{operation.label}: {operation.name} is not among allowed_operations"
        return None

    def _wrong_rule(self, tenant: str) -> str | None:
        if self._names is None:
            return None
        if tenant not in self._misspelt:
            found = (misspelt(rules, self._names) for rules in self._config.rules(tenant))
            self._misspelt[tenant] = next(filter(None, found), None)
        return self._misspelt[tenant]

    def offered(self, operation: Operation, target: Target, permissions: Permissions | None = None) -> str | None:
        """Why it is not to be offered for this target now; None when it is.

        ``permissions`` None: what the login may do is not known, and nothing is held back for it.
        """
        if target.kind not in operation.kinds:
            return f"{operation.label}: not for a {target.kind.value}"
        refused = self.refusal(operation, target.ref) or self._locked(target.ref)
        return refused or (None if permissions is None else lacks(operation, target, permissions))

    def needs_confirmation(self, operation: Operation, ref: ServerRef) -> Risk:
        """How hard it is to be confirmed: as its risk asks, or harder where the configuration says so."""
        least = [_LEAST_RISK[rules.require_confirmation] for rules in self._config.rules(ref.tenant)]
        return max([operation.risk, *least], key=_HARDNESS.__getitem__)

    def dry_run(self, ref: ServerRef) -> bool:
        """True when changes are only to be shown, not sent."""
        return any(rules.dry_run for rules in self._config.rules(ref.tenant))

    def table(self, operations: Iterable[Operation]) -> dict[str, dict[Role, bool]]:
        """Which role may run what, by the declarations alone: name of the operation to role to yes or no."""
        return {one.name: {role: _RANK[role] >= _RANK[one.role] for role in Role} for one in operations}


def misspelt(rules: Rules, names: Callable[[], Collection[str]]) -> str | None:
    """The first rule that means no operation at all, in one line with the nearest that would; None when all do."""
    given = {
        "denied_operations": rules.denied_operations,
        "allowed_operations": rules.allowed_operations,
    }
    for what, globs in given.items():
        for glob in globs:
            if glob != "*" and not any(fnmatchcase(name, glob) for name in names()):
                return f"{what} has {glob!r}, which no change is called; did you mean {_nearest(glob, names())!r}?"
    return None


def _nearest(glob: str, names: Collection[str]) -> str:
    rooms = {f"{name.partition('.')[0]}.*" for name in names}
    choices = sorted(rooms) if glob.endswith(".*") else sorted(names)
    return next(iter(get_close_matches(glob.lower(), choices, 1, cutoff=0.0)), "*")


def _among(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def lacks(operation: Operation, target: Target, permissions: Permissions) -> str | None:
    """The first privilege that the login lacks for it, named; None when it has all."""
    path = operation.acl_path(target)
    for group in operation.privileges:
        choices = group.split("|")
        if not any(permissions.allows(path, privilege) for privilege in choices):
            return f"{operation.label}: the login lacks {' or '.join(choices)} on {path}"
    return None
