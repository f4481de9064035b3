"""What may be changed of users and their rights, by whom; every change stands in the audit trail.

Two rules stand above an administrator's will:

- The payroll role, and whatever lets somebody into an account that has it, takes two people (SR-31). One asks, and
  somebody who has the role consents; where nobody else has it, another administrator does. A site with a single user
  has no second person: there the one acts alone, and the trail says so.
- Somebody remains who can administer.

`by` is who acts, as the audit trail names it: "user:NAME" or "cli". Whoever runs the machine (the commands) holds the
database anyway: neither rule binds them, so that a site that shut itself out is opened there.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from server.auth import guessing
from server.problems import Problem
from server.store import audit, factors, identities, invitations, people, two_people
from server.store.people import User
from server.store.two_people import Kind, Request

CLI = "cli"


@dataclass(frozen=True, slots=True)
class Acting:
    """Who changes something, where and when."""

    connection: Connection
    site: str
    by: str
    now: int

    @property
    def user(self) -> str:
        """The sign-in name of who acts, "" for a command."""
        return self.by.removeprefix("user:") if self.by.startswith("user:") else ""

    def record(self, action: str, subject: str, **details: str) -> None:
        """A line in the audit trail."""
        audit.record(
            self.connection, self.site, at=self.now, actor=self.by, action=action, subject=subject, details=details
        )

    def find(self, name: str) -> User:
        """The user of that name. Raises Problem."""
        found = people.find_user(self.connection, self.site, name)
        if found is None:
            raise Problem("user.unknown")
        return found


# --- two people --------------------------------------------------------------------------------------------------


def takes_two(act: Acting) -> bool:
    """Whether somebody else has to consent: not on the machine itself, and not where nobody else is."""
    return act.by != CLI and len(_active(act.connection, act.site)) > 1


def consenting(connection: Connection, site: str, request: Request) -> set[str]:
    """Who may answer a request: those with the payroll role, else the other administrators; never the one who asked,
    and not the one whose account it would open."""
    left_out = {request.asked_by} if request.kind == "payroll" else {request.asked_by, request.user}
    others = [user for user in _active(connection, site) if user.name not in left_out]
    return _having(others, "payroll") or _having(others, "admin")


def ask(act: Acting, kind: Kind, name: str) -> None:
    """Ask for a change that takes two."""
    two_people.ask(act.connection, act.site, kind, name, act.user, act.now)
    act.record("user.consent_asked", name, what=kind)


def answer(act: Acting, identity: str, *, consent: bool) -> Request:
    """Consent to a request, or refuse it. What it asks for is the caller's to do, but for the payroll role. Raises
    Problem: it is gone, or not for this user to answer."""
    request = two_people.find(act.connection, act.site, identity, act.now)
    if request is None:
        raise Problem("user.request_gone")
    if act.user not in consenting(act.connection, act.site, request):
        raise Problem("user.needs_another")
    said: two_people.Answer = "approved" if consent else "refused"
    if not two_people.answer(act.connection, act.site, identity, said, act.user, act.now):
        raise Problem("user.request_gone")
    action = "user.consented" if consent else "user.consent_refused"
    act.record(action, request.user, what=request.kind, asked_by=request.asked_by)
    if consent and request.kind == "payroll":
        _give_payroll(act, request.user)
    elif consent and request.kind == "enable":
        _set_active(act, request.user, active=True)
    return request


def _give_payroll(act: Acting, name: str) -> None:
    found = people.find_user(act.connection, act.site, name)
    if found is not None:
        _set_roles(act, found, {*found.roles.split(), "payroll"})
    elif not invitations.add_role(act.connection, act.site, name, "payroll", act.now):
        raise Problem("user.unknown")


def _active(connection: Connection, site: str) -> list[User]:
    return [user for user in people.list_users(connection, site) if user.active]


def _having(users: Iterable[User], role: str) -> set[str]:
    return {user.name for user in users if role in user.roles.split()}


# --- roles and teams ---------------------------------------------------------------------------------------------


def change_roles(act: Acting, name: str, roles: Collection[str]) -> bool:
    """Give somebody these roles instead of the old ones; their sign-ins end at once (SR-10). True where the payroll
    role waits for somebody else's consent. Raises Problem."""
    found, wanted = act.find(name), set(roles)
    had = set(found.roles.split())
    if found.active and "admin" not in wanted:
        _keep_an_admin(act, name)
    waits = "payroll" in wanted - had and takes_two(act)
    if waits:
        wanted.discard("payroll")
        ask(act, "payroll", name)
    if wanted != had:
        _set_roles(act, found, wanted)
    return waits


def _set_roles(act: Acting, user: User, roles: Collection[str]) -> None:
    people.change_user(act.connection, act.site, user.name, roles=roles)
    act.record("user.roles_changed", user.name, before=user.roles, after=people.pack_roles(roles))


def change_teams(act: Acting, name: str, teams: Collection[str]) -> None:
    """Let somebody see the people of these departments only; none: of all. Raises Problem."""
    found = act.find(name)
    if found.teams != people.pack_teams(teams):
        people.change_user(act.connection, act.site, name, teams=teams)
        act.record("user.teams_changed", name, before=_spell(found.teams.split("\n")), after=_spell(sorted(teams)))


def _spell(teams: Iterable[str]) -> str:
    return ", ".join(teams)[: audit.DETAIL] or "*"


def _keep_an_admin(act: Acting, but: str) -> None:
    if act.by != CLI and not _having(_active(act.connection, act.site), "admin") - {but}:
        raise Problem("user.last_admin")


# --- in and out --------------------------------------------------------------------------------------------------


def disable(act: Acting, name: str) -> None:
    """Shut somebody out, at once; an open link of theirs stops working. Raises Problem."""
    act.find(name)
    _keep_an_admin(act, name)
    invitations.withdraw(act.connection, act.site, name)
    _set_active(act, name, active=False)


def enable(act: Acting, name: str) -> bool:
    """Let somebody in again. True where it waits for somebody else's consent: payroll's accounts do. Raises Problem."""
    found = act.find(name)
    if "payroll" in found.roles.split() and takes_two(act):
        ask(act, "enable", name)
        return True
    _set_active(act, name, active=True)
    return False


def _set_active(act: Acting, name: str, *, active: bool) -> None:
    if act.find(name).active != active:
        people.change_user(act.connection, act.site, name, active=active)
        act.record("user.enabled" if active else "user.disabled", name)


def unlock(act: Acting, name: str) -> None:
    """Forget wrong passwords and codes. Raises Problem."""
    act.find(name)
    guessing.forget(act.connection, act.site, name)
    act.record("user.unlocked", name)


def end_sessions(act: Acting, name: str) -> int:
    """End all sign-ins of somebody; how many there were. Raises Problem."""
    act.find(name)
    ended = people.end_sessions(act.connection, act.site, name)
    act.record("user.sessions_ended", name, count=str(ended))
    return ended


def unlink(act: Acting, name: str) -> None:
    """No account elsewhere signs somebody in any more; sign-ins end. Raises Problem."""
    act.find(name)
    if identities.unlink(act.connection, act.site, name):
        people.end_sessions(act.connection, act.site, name)
        act.record("user.unlinked", name)


def forget_factors(act: Acting, name: str) -> None:
    """Take the second factor away from somebody who lost it."""
    factors.forget_factors(act.connection, act.site, name)
    act.record("user.factor_removed", name)
