"""Accounts: signing in, and what people and administrators change. One object, used by the web and by `guichet users`.

Three rules. A wrong name costs the same time and gives the same answer as a wrong password. Whatever lessens or changes
what a person may do ends their sessions and closes their sockets. Every change is in the audit log, by identifiers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from bot.accounts import passwords, totp
from bot.accounts.names import checked_codes, checked_login, compared_login
from bot.accounts.roles import Role
from bot.accounts.sessions import Sessions, SignedIn
from bot.accounts.throttle import Throttle
from bot.audit.log import SYSTEM, Audit
from bot.errors import Busy, Conflict, Forbidden, TooManyTries, Unauthorized, UnknownAccount, WeakPassword
from bot.settings import AccountsSettings
from bot.store import Store
from bot.store.account_records import UserRecord

# One verification takes 64 MiB and all of a small machine: two at a time, a few in line, the others come back later.
_HASHES_AT_ONCE = 2
_HASHES_WAITING = 12

_T = TypeVar("_T")


class Accounts:
    """`clock` is seconds that never go back, for the throttle; `now` the time of day, for codes and dates."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        sessions: Sessions,
        settings: AccountsSettings,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        hasher: passwords.Hasher | None = None,
    ) -> None:
        self.store = store
        self.audit = audit
        self.sessions = sessions
        self.settings = settings
        self._now = now
        self._clock = clock
        self._throttle = Throttle()
        self._hasher = hasher or passwords.Hasher()
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._hashes_waiting = 0

    # Signing in

    async def sign_in(
        self, login: str, password: str, code: str = "", *, address: str = "", client: str = ""
    ) -> tuple[str, SignedIn]:
        """The token of a new session. `address` is counted, not kept.

        Raises `Unauthorized` (wrong_login, totp_required, wrong_code), `TooManyTries`, `Busy`, `Forbidden`.
        """
        if not self.settings.passwords:
            raise Forbidden("Signing in with a password is off (accounts.passwords).", "passwords_off")
        name = compared_login(login)
        self._begin_try(name, address)
        user = await self.store.user_by_login(name)
        usable = user is not None and user.disabled_at is None and user.password_hash is not None
        kept = user.password_hash if usable and user and user.password_hash else self._hasher.nobodys
        right = await self._hashed(partial(self._hasher.matches, kept, password))
        if not (right and usable and user):
            await self._refused(user, "password")
            raise Unauthorized("Wrong name or password.", "wrong_login")
        method = "password"
        if user.has_totp:
            if not code.strip():
                # Taken off, not forgotten: otherwise asking for the code would make room for more tries at it.
                self._throttle.take_back(name, address)
                raise Unauthorized("The second factor is missing.", "totp_required")
            method = await self._second_factor(user, code)
        self._throttle.succeeded(name, address)
        if self._hasher.is_outgrown(kept):
            grown = await self._hashed(partial(self._hasher.digest, password))
            await self.store.replace_hash(user.id, kept, grown)
            user = await self.store.user(user.id) or user
        return await self.opened(user, method=method, client=client)

    async def opened(
        self, user: UserRecord, *, method: str, client: str, id_token: str | None = None
    ) -> tuple[str, SignedIn]:
        """A session for someone who has proved who they are."""
        token, signed_in = await self.sessions.open(user, method=method, client=client, id_token=id_token)
        await self.audit.record(
            user.reference, "account.signed_in", f"session:{signed_in.session.id}", {"method": method}
        )
        return token, signed_in

    async def sign_out(self, signed_in: SignedIn) -> None:
        await self.sessions.end(signed_in.session.id)
        await self.audit.record(signed_in.user.reference, "account.signed_out", f"session:{signed_in.session.id}")

    def pending(self, signed_in: SignedIn) -> str | None:
        """What the person must do before anything else, as a code: the session is good for nothing but that."""
        if signed_in.session.method == "oidc":
            return None  # password and factors are the provider's affair
        if signed_in.user.must_change_password:
            return "password_to_change"
        return "totp_to_enrol" if self.needs_totp(signed_in.user) and not signed_in.user.has_totp else None

    def needs_totp(self, user: UserRecord) -> bool:
        """Whether the settings ask a second factor of this person."""
        required = self.settings.totp_required
        return required == "everybody" or (required == "administrators" and user.role is Role.ADMINISTRATOR)

    # One's own account

    async def change_password(
        self, signed_in: SignedIn, current: str, new: str, *, client: str = ""
    ) -> tuple[str, SignedIn]:
        """Ends every session and opens a new one; sockets of the present one close when its cookie has had time to
        arrive. Raises `Unauthorized` (wrong_password), `WeakPassword`.
        """
        user = await self._proved(signed_in, current)
        if new == current:
            raise WeakPassword("The new password is the old one.", "password_same")
        await self._put_password(user, new, must_change=False, by=user.reference, spared=signed_in.session.id)
        changed = await self.store.user(user.id)
        if changed is None:
            raise Unauthorized("The account was removed meanwhile.")
        return await self.opened(changed, method=signed_in.session.method, client=client)

    async def begin_totp(self, signed_in: SignedIn, password: str) -> str:
        """A new secret, good for nothing until `confirm_totp`. Raises `Unauthorized`, `Conflict`."""
        user = await self._proved(signed_in, password)
        if user.has_totp:
            raise Conflict("A second factor is active already.", "totp_already")
        secret = totp.new_secret()
        await self.store.change_user(user.id, {"totp_secret": secret}, end_sessions=False)
        return secret

    async def confirm_totp(self, signed_in: SignedIn, code: str) -> list[str]:
        """Activates the second factor; the recovery codes are shown this once. Raises `Unauthorized`, `Conflict`."""
        user = await self._fresh(signed_in)
        if user.has_totp or user.totp_secret is None:
            raise Conflict("No enrolment is under way.", "totp_already" if user.has_totp else "totp_not_begun")
        self._begin_try(signed_in.session.id, "")
        step = totp.step_of(user.totp_secret, code, self._now().timestamp())
        if step is None:
            raise Unauthorized("Wrong code.", "wrong_code")
        codes = totp.new_recovery_codes()
        digests = [totp.recovery_digest(one) for one in codes]
        if not await self.store.confirm_totp(user.id, user.totp_secret, step, digests):
            raise Conflict("Another enrolment was begun meanwhile.", "totp_not_begun")
        self._throttle.take_back(signed_in.session.id, "")
        await self.audit.record(user.reference, "account.totp_enrolled", user.reference)
        return codes

    async def renew_recovery_codes(self, signed_in: SignedIn, password: str) -> list[str]:
        """New ones instead of those before. Raises `Unauthorized`, `Conflict` without a second factor."""
        user = await self._proved(signed_in, password)
        codes = totp.new_recovery_codes()
        if not await self.store.replace_recovery_codes(user.id, [totp.recovery_digest(one) for one in codes]):
            raise Conflict("There is no second factor.", "totp_not_begun")
        await self.audit.record(user.reference, "account.recovery_codes_renewed", user.reference)
        return codes

    async def disable_totp(self, signed_in: SignedIn, password: str) -> None:
        """Raises `Unauthorized`, `Forbidden` where the settings require it."""
        user = await self._proved(signed_in, password)
        if self.needs_totp(user):
            raise Forbidden("The settings require a second factor (accounts.totp_required).", "totp_must_stay")
        await self.store.clear_totp(user.id, end_sessions=False)
        await self.audit.record(user.reference, "account.totp_disabled", user.reference)

    # Others' accounts; `by` is the reference of who does it

    async def add(
        self,
        login: str,
        name: str,
        role: Role,
        password: str | None,
        *,
        by: str,
        must_change: bool,
        teams: Sequence[str] = (),
        skills: Sequence[str] = (),
    ) -> UserRecord:
        """Without a password, only a provider can sign this person in.

        Raises `WeakPassword`, `Conflict` (login_invalid, login_taken, codes_invalid).
        """
        compared = checked_login(login)
        kept = await self._checked_digest(compared, password) if password is not None else None
        user = await self.store.add_user(
            compared,
            name.strip() or login.strip(),
            role,
            password_hash=kept,
            must_change_password=must_change and kept is not None,
            teams=checked_codes(teams),
            skills=checked_codes(skills),
        )
        await self.audit.record(by, "account.added", user.reference, {"role": role.value})
        return user

    async def set_role(self, user: UserRecord, role: Role, *, by: str, guarded: bool = True) -> None:
        """Raises `Conflict` (last_administrator) when `guarded`."""
        if user.role is role:
            return
        await self._change(user, {"role": role.value}, guarded=guarded)
        await self.audit.record(by, "account.role_changed", user.reference, {"from": user.role.value, "to": role.value})

    async def set_name(self, user: UserRecord, name: str, *, by: str) -> None:
        await self.store.change_user(user.id, {"name": name.strip() or user.login}, end_sessions=False)
        await self.audit.record(by, "account.renamed", user.reference)

    async def assign(self, user: UserRecord, teams: Sequence[str], skills: Sequence[str], *, by: str) -> None:
        """Teams and skills, by which the desk offers conversations. Raises `Conflict`."""
        values = {"teams": checked_codes(teams), "skills": checked_codes(skills)}
        await self.store.change_user(user.id, values, end_sessions=False)
        await self.audit.record(by, "account.assigned", user.reference)

    async def set_password(self, user: UserRecord, password: str, *, by: str, must_change: bool) -> None:
        """Raises `WeakPassword`."""
        await self._put_password(user, password, must_change=must_change, by=by)

    async def set_disabled(self, user: UserRecord, disabled: bool, *, by: str, guarded: bool = True) -> None:
        """Raises `Conflict` (last_administrator) when `guarded`."""
        if (user.disabled_at is not None) is disabled:
            return
        await self._change(user, {"disabled_at": self._now() if disabled else None}, guarded=guarded)
        await self.audit.record(by, "account.disabled" if disabled else "account.enabled", user.reference)

    async def reset_totp(self, user: UserRecord, *, by: str) -> None:
        """For who has lost telephone and recovery codes."""
        await self.store.clear_totp(user.id, end_sessions=True)
        await self.sessions.sweep()
        await self.audit.record(by, "account.totp_reset", user.reference)

    async def remove(self, user: UserRecord, *, by: str, guarded: bool = True) -> None:
        """Raises `Conflict` (last_administrator) when `guarded`."""
        await self.store.remove_user(user.id, keep_an_administrator=guarded)
        await self.sessions.sweep()
        await self.audit.record(by, "account.removed", user.reference)

    async def end_sessions(self, user: UserRecord, *, by: str) -> None:
        """Signs the person out everywhere."""
        await self._change(user, {}, guarded=False)
        await self.audit.record(by, "account.sessions_ended", user.reference)

    async def user(self, user_id: str) -> UserRecord:
        """Raises `UnknownAccount`."""
        user = await self.store.user(user_id)
        if user is None:
            raise UnknownAccount("No such account, or it has been removed.")
        return user

    # Inside

    def _begin_try(self, login: str, address: str) -> None:
        now = self._clock()
        wait = self._throttle.wait_seconds(login, address, now)
        if wait > 0:
            raise TooManyTries(wait)
        self._throttle.begin(login, address, now)

    async def _hashed(self, work: Callable[[], _T]) -> _T:
        """Runs a hash off the event loop. Raises `Busy` rather than let a crowd wait for it."""
        if self._hashes_waiting >= _HASHES_WAITING:
            raise Busy("Too many people are signing in at the same time.")
        self._hashes_waiting += 1
        try:
            async with self._hashing:
                return await asyncio.to_thread(work)
        finally:
            self._hashes_waiting -= 1

    async def _second_factor(self, user: UserRecord, code: str) -> str:
        """How it was proved. Raises `Unauthorized`."""
        step = totp.step_of(user.totp_secret or "", code, self._now().timestamp())
        if step is not None and await self.store.use_totp_step(user.id, step):
            return "totp"
        if step is None and await self.store.use_recovery_code(user.id, totp.recovery_digest(code)):
            await self.audit.record(user.reference, "account.recovery_code_used", user.reference)
            return "recovery"
        await self._refused(user, "code")
        raise Unauthorized("Wrong or used code.", "wrong_code")

    async def _refused(self, user: UserRecord | None, why: str) -> None:
        """Only of accounts that exist: names typed by mistake may be passwords."""
        if user is not None:
            await self.audit.record(SYSTEM, "account.sign_in_refused", user.reference, {"why": why})

    async def _fresh(self, signed_in: SignedIn) -> UserRecord:
        user = await self.store.user(signed_in.user.id)
        if user is None:
            raise Unauthorized("The account was removed meanwhile.")
        return user

    async def _proved(self, signed_in: SignedIn, password: str) -> UserRecord:
        """The account, when this is its password: a session left open is not enough to change what opens it."""
        user = await self._fresh(signed_in)
        if user.password_hash is None:
            raise Conflict("The account has no password here.", "password_elsewhere")
        # Counted by session: who fails at signing in must not keep the person from changing a password.
        self._begin_try(signed_in.session.id, "")
        if not await self._hashed(partial(self._hasher.matches, user.password_hash, password)):
            raise Unauthorized("Wrong password.", "wrong_password")
        self._throttle.take_back(signed_in.session.id, "")
        return user

    async def _checked_digest(self, login: str, password: str) -> str:
        passwords.check_strength(password, fewest_chars=self.settings.password_min_chars, login=login)
        return await self._hashed(partial(self._hasher.digest, password))

    async def _put_password(
        self, user: UserRecord, password: str, *, must_change: bool, by: str, spared: str | None = None
    ) -> None:
        """`spared` is the session in which the person does it (`Sessions.spare`)."""
        kept = await self._checked_digest(user.login, password)
        if spared is not None:
            self.sessions.spare(spared)
        await self._change(user, {"password_hash": kept, "must_change_password": must_change}, guarded=False)
        await self.audit.record(by, "account.password_changed", user.reference)

    async def _change(self, user: UserRecord, values: dict[str, Any], *, guarded: bool) -> None:
        await self.store.change_user(user.id, values, end_sessions=True, keep_an_administrator=guarded)
        await self.sessions.sweep()
