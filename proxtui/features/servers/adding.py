"""Adding a server from the dashboard: what is asked, whom one trusts, and a test before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.config.models import Place
from proxtui.errors import InvalidInput, ProxtuiError
from proxtui.features.servers import service
from proxtui.features.servers.checking import Diagnose, NotWell, Untrusted, tried
from proxtui.features.servers.models import NewServer
from proxtui.kit.prepared import Prepared
from proxtui.kit.questions import Question

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.features.servers.screen import ServersView
    from proxtui.kit.form import ParamsForm
    from proxtui.pve.tls import CertificateInfo

ANYWAY = "ctrl+s again saves it all the same"


class Adding:
    """One server that somebody adds."""

    def __init__(self, view: ServersView, registrar: Registrar, diagnose: Diagnose | None = None) -> None:
        self._view, self._registrar, self._diagnose = view, registrar, diagnose
        self._failed: Any = None
        """Parameters whose test failed: who sends them again means it."""

    async def ask(self, tenant: str) -> None:
        """Until it is saved or given up; ``tenant`` stands in the form at first."""
        from proxtui.kit.form import Filled
        from proxtui.kit.setup_menu import SetupForm

        slugs = [one.slug for one in self._registrar.config.tenants]
        first = {"tenant": tenant or (slugs[0] if len(slugs) == 1 else "")}
        form = SetupForm("add a server", NewServer, Prepared(initial=first, suggestions={"tenant": slugs}))
        try:
            await form.open(self._view.app)
            while isinstance(filled := await form.answer(), Filled):
                if await self._saved(form, filled.params):
                    return
        finally:
            form.leave()

    async def _saved(self, form: ParamsForm, params: Any) -> bool:
        """False when something was wrong with it, which stands at the form."""
        form.busy("looking who answers there ...")
        try:
            params = await self._tested(params)
            if params is None:
                form.refuse({"": "nobody trusted its certificate: nothing was sent and nothing saved"})
                return False
            made = await service.add(self._registrar, params)
        except NotWell as error:
            self._failed = params
            form.refuse({"": f"{error} {ANYWAY}"})
        except InvalidInput as error:
            form.refuse({error.field: error.rule})
        except ProxtuiError as error:
            form.refuse({"": str(error)})
        else:
            self._view.tell_user(f"server {'/'.join(made.place)} is added")
            return True
        return False

    async def _tested(self, params: Any) -> Any:
        """The parameters, with the fingerprint that somebody trusts; None when they do not."""
        if params == self._failed:
            return params
        server, _ = service.wanted(self._registrar.config, params)
        place = Place(params.tenant, params.name)
        try:
            await tried(place, server, self._diagnose)
        except Untrusted as error:
            if error.shown is None or not await self._trusted(error, error.shown):
                return None
            pinned = params.model_copy(update={"fingerprints": [error.shown.fingerprint], "ca_file": None})
            server, _ = service.wanted(self._registrar.config, pinned)
            await tried(place, server, self._diagnose)
            return pinned
        return params

    async def _trusted(self, error: Untrusted, shown: CertificateInfo) -> bool:
        lines = (
            f"{error.endpoint} shows a certificate that is not trusted:",
            f"  subject    {shown.subject}",
            f"  for        {', '.join(shown.names) or 'no name'}",
            f"  signed by  {shown.issuer}",
            f"  valid      {shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}",
            f"  SHA-256    {shown.fingerprint[:48]}",
            f"             {shown.fingerprint[48:]}",
            "Nothing was sent to it yet. Trust exactly this one?",
        )
        lost = "Compare it with `pvenode cert info` on the node: whoever shows it gets the token."
        return await self._view.confirmed(Question("trust", lines, lost))


async def add(view: ServersView, registrar: Registrar, tenant: str) -> None:
    """See ``Adding.ask``."""
    await Adding(view, registrar).ask(tenant)
