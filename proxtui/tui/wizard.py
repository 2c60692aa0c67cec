"""The first run: from a host to a live dashboard in six pages. Nothing is written before the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.worker import WorkerFailed

from proxtui.config.models import TlsTrust
from proxtui.core.redact import redact
from proxtui.core.rows import Tone
from proxtui.errors import ProxtuiError
from proxtui.kit.app import LiveApp
from proxtui.kit.form_model import Asked
from proxtui.kit.theme import DEFAULT_THEME, Looks
from proxtui.tui.wizard_answers import (
    LOGIN,
    TOKEN,
    UNTRIED,
    Answers,
    Granted,
    Texts,
    address_problems,
    credential_problems,
    credentials_of,
    name_problems,
    passphrase_problems,
    reached,
    slug_of,
)
from proxtui.tui.wizard_pages import Form, Trust, Watch

if TYPE_CHECKING:
    from proxtui.config.vault.crypto import Cost
    from proxtui.config.vault.opened import OpenVault, Seat
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.stages import Diagnosis

INTERRUPTED = 130
PAGES = 6
HELLO = (
    "No server is configured yet. Six pages make an encrypted configuration; nothing is written before the last one. "
    "ctrl+c leaves. `proxtui demo` shows a simulated fleet.",
)
FORGOTTEN = (
    "It opens the encrypted configuration at each start. Nobody can bring it back: when it is forgotten, servers and "
    "tokens have to be entered anew.",
)
ADDRESS = Asked(
    "address", "Host", "Name or address of any node; a pasted https://... works. The port is 8006 unless named.",
    required=True,
)  # fmt: skip
LOGIN_FIELDS = (
    Asked("how", "Log in with", "A token needs no second factor and can be limited: space chooses.", "choice",
          (TOKEN, LOGIN), TOKEN),
    Asked("token_id", "Token", "As PVE shows it: user@realm!name, such as root@pam!proxtui.", required=True),
    Asked("token_secret", "Secret", "PVE shows it once, when the token is made.", "secret", required=True),
    Asked("username", "User", "With its realm, such as root@pam; without one it is @pam.", required=True),
    Asked("password", "Password", "Kept in the encrypted configuration.", "secret", required=True),
    Asked("totp", "Second factor", "The code of the moment, where the user has one. It is not kept.", "secret"),
)  # fmt: skip
NAME_FIELDS = (
    Asked("tenant", "Tenant", "Whose servers these are: a customer, a site, a department.", required=True),
    Asked("slug", "Short name", "Of the tenant, in filters and commands: a to z, 0 to 9, - and _.", required=True),
    Asked("server", "Server", "What this server is called here; it stays the same.", required=True),
)
KEY_FIELDS = (
    Asked("passphrase", "Passphrase", "At least 12 characters; four or five random words are good.", "secret",
          required=True),
    Asked("again", "The same again", "", "secret", required=True),
    Asked("label", "Whose it is", "More people can get keys of their own later.", default="admin", required=True),
)  # fmt: skip
Diagnose = Callable[..., Awaitable["Diagnosis"]]


class Wizard(LiveApp):
    """Asks, and saves at the end; ``vault`` is what was made, or None when somebody left."""

    TITLE = "proxtui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "quit", show=False),
    ]

    def __init__(
        self,
        seat: Seat,
        *,
        ascii_only: bool = False,
        looks: Looks | None = None,
        theme: str = DEFAULT_THEME,
        cost: Cost | None = None,
        diagnose: Diagnose | None = None,
    ) -> None:
        """``cost`` is that of the key derivation; ``diagnose`` another test than the real one."""
        super().__init__(theme=theme, ascii_only=ascii_only, looks=looks)
        self.seat, self._cost, self._diagnose = seat, cost, diagnose
        self.vault: OpenVault | None = None
        self.answers = Answers()
        self._texts: dict[str, Texts] = {}
        """What stood on each page when it was left, for whoever comes back."""
        self._found: Diagnosis
        """Who answers at the address, as the first page found out."""

    def on_mount(self) -> None:
        self.run_worker(self._walk(), name="first run", group="first run")

    def action_interrupt(self) -> None:
        self.exit(return_code=INTERRUPTED)

    async def _walk(self) -> None:
        """Page by page, and back with escape. Before the first page lies the way out."""
        pages = (self._ask_address, self._ask_trust, self._ask_login, self._ask_test, self._ask_name, self._ask_save)
        at = 0
        while 0 <= at < len(pages):
            at += await pages[at]()
        self.exit(return_code=0)

    # The pages; each gives how many pages to go on, or back.

    async def _ask_address(self) -> int:
        page = self._form("1 host", (ADDRESS,), address_problems, intro=HELLO)
        warned = False
        while True:
            texts = await page.ask(self)
            if texts is None:
                if warned or not page.texts["address"].strip():
                    page.leave()
                    return -1
                warned = True
                page.again()
                page.say("esc again leaves; nothing was written", Tone.WARN)
                continue
            warned = False
            address = texts["address"].strip()
            if address != self.answers.address:
                self.answers = replace(self.answers, address=address, trust=TlsTrust())
            found = await self._interruptible(page, self._look(TlsTrust()), f"connecting to {address} ...")
            if found is None:
                continue
            if reached(found) or (found.certificate is not None and found.is_trusted is False):
                self._keep("1 host", page)
                self._found = found
                return 1
            page.refuse({"address": found.error or found.verdict})
            page.say(found.advice, Tone.BAD)

    async def _ask_trust(self) -> int:
        found = self._found
        shown = found.certificate
        if shown is None:
            return 1
        facts = (
            ("Server", found.endpoint),
            ("Subject", shown.subject),
            ("For", ", ".join(shown.names) or "no name"),
            ("Signed by", shown.issuer),
            ("Valid", f"{shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}"),
            ("SHA-256", shown.fingerprint[:48]),
            ("", shown.fingerprint[48:]),
        )
        page = Trust(_title("2 certificate"), facts, is_known=found.is_trusted is True)
        while await page.ask(self):
            trust = TlsTrust()
            if found.is_trusted is not True:
                trust = TlsTrust(mode="fingerprint", fingerprints=(shown.fingerprint,))
                there = await self._interruptible(page, self._look(trust), "looking who answers there ...")
                if there is None:
                    continue
                if not reached(there):
                    page.say(f"{there.error}. {there.advice}", Tone.BAD)
                    continue
            self.answers = replace(self.answers, trust=trust)
            page.leave()
            return 1
        page.leave()
        return -1

    async def _ask_login(self) -> int:
        def check(texts: Texts) -> dict[str, str]:
            return credential_problems(texts, self.answers)

        page = self._form("3 login", LOGIN_FIELDS, check, hidden=_other_login)
        texts = await page.ask(self)
        self._keep("3 login", page)
        if texts is None:
            return -1
        redact.hide(texts["token_secret"].strip(), texts["password"], texts["totp"])
        self.answers = replace(self.answers, credentials=credentials_of(texts), totp=texts["totp"].strip())
        return 1

    async def _ask_test(self) -> int:
        page = Watch(_title("4 test"))
        await page.open(self)
        try:
            while True:
                page.begin()
                worker = self.run_worker(self._tested(page), name="test", group="test", exclusive=True)
                answer = await page.answer()
                worker.cancel()
                if answer is None:
                    return -1
                if answer:
                    return 1
                page.again()
        finally:
            page.leave()

    async def _ask_name(self) -> int:
        texts = {"server": self.answers.server.name}
        page = self._form("5 names", NAME_FIELDS, name_problems, texts=texts, follows={"slug": ("tenant", slug_of)})
        texts_now = await page.ask(self)
        self._keep("5 names", page)
        return -1 if texts_now is None else 1

    async def _ask_save(self) -> int:
        page = self._form("6 passphrase", KEY_FIELDS, passphrase_problems, intro=FORGOTTEN)
        while (texts := await page.ask(self)) is not None:
            redact.hide(texts["passphrase"])
            page.busy(f"saving {self.seat.path} ...")
            try:
                self.vault = await asyncio.to_thread(self._create, texts)
            except ProxtuiError as error:
                page.refuse({"": str(error)})
                continue
            return 1
        # No secret that opens everything waits in memory for somebody to come back.
        page.leave()
        return -1

    # What they need.

    def _form(self, name: str, asked: tuple[Asked, ...], check: Any, **more: Any) -> Form:
        more["texts"] = {**more.get("texts", {}), **self._texts.get(name, {})}
        return Form(_title(name), asked, check, **more)

    def _keep(self, name: str, page: Form) -> None:
        self._texts[name] = page.texts
        page.leave()

    async def _interruptible(self, page: Form | Trust, work: Awaitable[Diagnosis], text: str) -> Diagnosis | None:
        """Do this while the page says so; None when escape ends it, and the page asks again."""
        page.busy(text)
        doing = asyncio.ensure_future(work)
        given_up = asyncio.ensure_future(page.answer())
        try:
            await asyncio.wait((doing, given_up), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            return None
        finally:
            for one in (doing, given_up):
                one.cancel()
            await asyncio.gather(doing, given_up, return_exceptions=True)
            page.say("")

    async def _look(self, trust: TlsTrust) -> Diagnosis:
        """Who answers there; nothing secret is sent."""
        return await self._diagnosed(Answers(address=self.answers.address, trust=trust).config(), no_login=UNTRIED)

    async def _tested(self, page: Watch) -> None:
        granted, code = Granted(), self.answers.totp

        async def second_factor(_prompt: str) -> str:
            return code

        found = await self._diagnosed(
            self.answers.config(), no_login="", tell=page.hear, ask_totp=second_factor, look=granted.look
        )
        nodes = [] if found.nodes is None else [f"{found.nodes_online} of {found.nodes} nodes online"]
        version = [] if found.version is None else [f"Proxmox VE {found.version}"]
        said = [", ".join([*version, *nodes]), *granted.lines, *found.warnings]
        verdict = "All is well." if found.success else f"{found.verdict}: {found.error}. {found.advice}"
        page.end(verdict, [line for line in said if line], good=found.success)

    async def _diagnosed(self, config: ProxmoxConfig, **more: Any) -> Diagnosis:
        if self._diagnose is None:
            from proxtui.pve.diagnosis import diagnose

            self._diagnose = diagnose
        return await self._diagnose(config, **more)

    def _create(self, texts: Texts) -> OpenVault:
        from proxtui.config.vault.slots import new_passphrase
        from proxtui.config.vault.unlocking import create

        plain = self.answers.plain(self._texts["5 names"])
        return create(self.seat, texts["label"].strip(), new_passphrase(texts["passphrase"]), plain, self._cost)


def _title(name: str) -> str:
    number, what = name.split()
    return f"first run {number} of {PAGES}: {what}"


def _other_login(texts: Texts) -> frozenset[str]:
    """The fields of the kind of login that is not chosen."""
    token, login = {"token_id", "token_secret"}, {"username", "password", "totp"}
    return frozenset(login if texts["how"] == TOKEN else token)


def run_wizard(
    seat: Seat, *, ascii_only: bool = False, themes: Path | None = None, theme: str | None = None
) -> tuple[int, OpenVault | None]:
    """Ask at the terminal, and make the configuration at ``seat``. Gives the exit code, and what was made, if it was.

    UsageError without such a theme; raises whatever bug ended it, once the terminal is as it was before.
    """
    wizard = Wizard(seat, ascii_only=ascii_only, looks=Looks.gather(themes), theme=theme or DEFAULT_THEME)
    wizard.run()
    if wizard.crash is not None:
        raise wizard.crash.error if isinstance(wizard.crash, WorkerFailed) else wizard.crash
    return wizard.return_code or 0, wizard.vault
