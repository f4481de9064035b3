"""`floorledger keys`: the keys of an installation, and renewing them.

A key file holds one key a line, the newest first. A renewed key takes over at once; the one before it stays as long as
something may still need it: hashes of passwords and PINs are made anew when they are used next, what is sealed is
sealed anew at once, and lines of the audit trail name the key that sealed them for ever.
"""

import secrets
import time
from dataclasses import dataclass

import click

from server import backup, vault
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import audit, sealed, sites
from server.store.database import write
from server.terminal import gettext


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True)
class Key:
    """A key file. `keeps`: how many older keys stay beside a new one; None: all."""

    words: str
    keeps: int | None = 0


KEYS = {
    "secret": Key(_("Signs what browsers keep for us between two pages; a new one takes over at the next start.")),
    "password": Key(
        _("Keys the hashes of passwords and recovery codes; each moves to the new key with its next use."), 1
    ),
    "pin": Key(_("Keys the hashes of operators' PINs; each moves to the new one at its next use."), 1),
    "vault": Key(_("Seals secrets of others and wages; they are sealed anew at once."), 1),
    "audit": Key(_("Seals the audit trail; older lines keep their key."), None),
}
# The ledger's key is none of them: what is posted and was handed out is sealed with it.
LEDGER = _("Seals the ledger. It is not renewed: entries that others hold bear its mark.")


@click.group()
def command() -> None:
    """The keys of this installation: list, renew."""


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the keys: how many a file holds, when it was last changed, what it is for. Never a key."""
    for name in [*KEYS, "ledger"]:
        path = settings.data_dir / f"{name}.key"
        words = KEYS[name].words if name in KEYS else LEDGER
        if not path.exists():
            state = gettext("none yet")
        else:
            changed = time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
            open_to_others = gettext("READ BY OTHERS: chmod 600") if path.stat().st_mode & 0o077 else ""
            state = f"{len(path.read_text().split())}  {changed}  {open_to_others}".rstrip()
        click.echo(f"{name:<10}{state}\n          {gettext(words)}")


@command.command()
@click.argument("name", type=click.Choice(list(KEYS)))
@click.option("--forget", is_flag=True, help="Keep no older key: passwords or PINs of before do not fit any more.")
@click.pass_obj
def rotate(settings: Settings, name: str, forget: bool) -> None:
    """Renew a key. With several machines on one database: copy the file to all of them, then restart.

    Use --forget where somebody may have got the old key: with `password` and `pin` everybody's have to be set anew.
    """
    if forget and KEYS[name].keeps is None:
        raise Trouble(gettext("Lines of the audit trail could not be checked any more without their key."))
    engine = open_database(settings)
    file = f"{name}.key"
    old = _read(settings, file)
    new = [secrets.token_hex(32), *old]
    _put(settings, file, new)  # first: from now on others use it, and everything can still be read
    renewed = 0
    with write(engine) as connection:
        if name == "vault":
            keys = settings.vault_keys()
            renewed = sealed.renew(connection, lambda text, purpose: vault.resealed(keys, text, purpose))
        for site in sites.list_sites(connection):
            audit.record(connection, site, at=system_clock(), actor="cli", action="key.rotated", subject=name)
    keeps = 0 if forget else KEYS[name].keeps
    kept = new if keeps is None else new[: 1 + keeps]
    if name == "vault" and forget:
        with write(engine) as connection:  # whoever was about to write with the old key has written
            keys = settings.vault_keys()
            sealed.renew(connection, lambda text, purpose: vault.resealed(keys, text, purpose))
    _put(settings, file, kept)
    click.echo(gettext("The key %(name)s is renewed.", name=name))
    if renewed:
        click.echo(gettext("%(count)s secrets were sealed anew.", count=renewed))
    if name == "secret":
        click.echo(gettext("Restart the server for it to take over."))
    if forget and name in ("password", "pin"):
        click.echo(gettext("All passwords and recovery codes have to be set anew: floorledger user password NAME.")
                   if name == "password" else gettext("All PINs have to be set anew."))  # fmt: skip


def _read(settings: Settings, file: str) -> list[str]:
    """The keys of a file, newest first, as they stand in it; it is made where it is not there yet."""
    return [key.hex() for key in settings._keys(file)]


def _put(settings: Settings, file: str, keys: list[str]) -> None:
    backup.put_files({file: "".join(f"{key}\n" for key in keys).encode()}, settings.data_dir)
