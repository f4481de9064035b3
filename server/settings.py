"""Every setting: its name, type, default and one sentence. Read from the environment once, at start.

The environment variable of a field is its name in capitals after `FLOORLEDGER_`. Keys are not settings: they are made
at first start in the data folder, readable by its owner only.
"""

import dataclasses
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "FLOORLEDGER_"
# Variables of our name that are no settings: the checks of a checkout, and a password handed to one command.
NOT_OURS = {
    "FLOORLEDGER_CHECKS",
    "FLOORLEDGER_CHECKS_STARTED",
    "FLOORLEDGER_NEW_PASSWORD",
    "FLOORLEDGER_NEW_PIN",
    "FLOORLEDGER_REAL_SHOP",
}
MEBIBYTE = 1024 * 1024
# Of whole numbers, those that may be 0: it means none, or no limit.
MAY_BE_ZERO = {
    "proxies", "low_disk", "device_requests", "token_requests", "user_requests", "address_requests",
}  # fmt: skip


# What somebody who signs in can be.
ROLES = ("lead", "accountant", "payroll", "admin", "auditor")


class BadSetting(ValueError):
    """A setting cannot be used. The text is a sentence for an administrator."""


def setting(default: Any, sentence: str) -> Any:
    """A field with its sentence for the documentation and `doctor`."""
    return dataclasses.field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation may choose."""

    data_dir: Path = setting(Path("instance"), "Folder of the keys and, with SQLite, of the database.")  # noqa: RUF009
    database_url: str = setting(
        "", "Address of the database, sqlite:////path/file or postgresql://user@host/name; empty: SQLite in data_dir."
    )
    site: str = setting("main", "Code of the site this process serves.")
    language: str = setting("en", "Language for whoever asks for none that is known here: en or fr.")
    public_url: str = setting(
        "", "Address phones and people use, such as https://floor.example.org; printed on labels. Empty: as asked."
    )
    trusted_hosts: tuple[str, ...] = setting(
        (), "Host names this server answers to, separated by commas; a leading dot admits subdomains. Empty: any."
    )
    proxies: int = setting(0, "How many reverse proxies stand in front and set X-Forwarded-*; 0: believe none.")
    proxy_addresses: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"),
        "Networks the nearest of these proxies calls from; of nobody else they are believed.",
    )
    session_idle_minutes: int = setting(30, "A sign-in ends after so many minutes without a click.")
    lead_idle_minutes: int = setting(120, "... of somebody who is a team lead and nothing else.")
    session_hours: int = setting(12, "A sign-in ends after so many hours whatever happens.")
    step_up_minutes: int = setting(
        10, "What changes rights or shows secrets asks again who is there, so many minutes after the last proof."
    )
    second_factor_roles: tuple[str, ...] = setting(
        ("accountant", "payroll", "admin", "auditor"),
        "Roles that sign in with a second factor (code or passkey), separated by commas; none: passwords are enough.",
    )
    labor_rates: str = setting(
        "group", "Whose rates payroll keeps: group, or person; entries use those of groups either way."
    )
    wage_approvers: int = setting(
        2, "How many people it takes to put a wage in force: 2, who proposes and who approves, or 1."
    )
    enrolment_minutes: int = setting(15, "How long the code that enrols a device can be used.")
    enrolment_approval: str = setting(
        "asked", "Whether somebody at a desk lets a device in that used its code: asked, or given without asking."
    )
    sign_in_failures: int = setting(
        5, "After so many wrong passwords, or codes, in a row a name is locked for a while."
    )
    sign_in_lock_minutes: int = setting(
        15, "How long a name stays locked; each further failure doubles it, to 4 hours."
    )
    invitation_days: int = setting(7, "How long the link that invites somebody to sign in can be used.")
    reset_minutes: int = setting(
        30, "How long the link that lets somebody choose a new password can be used; at most 30."
    )
    oidc_issuer: str = setting(
        "", "Address of the OpenID Connect provider people may sign in with, as it writes it itself. Empty: none."
    )
    oidc_client_id: str = setting("", "What that provider calls this server (client id).")
    oidc_secret_file: str = setting("", "File that holds the client secret of that provider; empty: it gave none.")
    oidc_name: str = setting("", "What people call that provider, for the button on the sign-in page.")
    device_requests: int = setting(
        3_000, "Requests one device may send in a minute, in each web process; 0: any number."
    )
    token_requests: int = setting(30_000, "The same for one program's token.")
    user_requests: int = setting(1_200, "The same for one signed-in browser.")
    address_requests: int = setting(600, "The same for whoever shows no credential, or a wrong one, by address.")
    body_limit: int = setting(MEBIBYTE, "Largest request body, in bytes, as it travels.")
    upload_limit: int = setting(32 * MEBIBYTE, "Largest uploaded file, in bytes, on pages that import files.")
    low_disk: int = setting(256 * MEBIBYTE, "`doctor` complains when less space than this, in bytes, is free.")
    phone_worker: str = setting(
        "served", "Whether phones keep the page to start without a network: served, or withdrawn to take it back."
    )
    egress_networks: tuple[str, ...] = setting(
        (), "Private networks outgoing calls may reach, such as 192.168.10.0/24; the internet's addresses always may."
    )
    egress_plain_hosts: tuple[str, ...] = setting(
        (), "Hosts that outgoing calls may reach without TLS, over http; their port is in egress_ports, too."
    )
    egress_ports: tuple[str, ...] = setting(("443",), "Ports outgoing calls may reach.")
    egress_authorities: str = setting(
        "", "File (PEM) of certificate authorities outgoing calls trust besides the system's, such as your own."
    )
    log_level: str = setting("info", "How much is logged: debug, info, warning or error.")
    log_format: str = setting("lines", "How it is logged: lines for people, or json for programs.")

    def __post_init__(self) -> None:
        """Raise BadSetting for values nothing can be done with."""
        if self.language not in ("en", "fr"):
            raise BadSetting(f"{PREFIX}LANGUAGE is {self.language!r}; it can be en or fr.")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise BadSetting(f"{PREFIX}LOG_LEVEL is {self.log_level!r}; it can be debug, info, warning or error.")
        if self.log_format not in ("lines", "json"):
            raise BadSetting(f"{PREFIX}LOG_FORMAT is {self.log_format!r}; it can be lines or json.")
        if self.phone_worker not in ("served", "withdrawn"):
            raise BadSetting(f"{PREFIX}PHONE_WORKER is {self.phone_worker!r}; it can be served or withdrawn.")
        if self.enrolment_approval not in ("asked", "given"):
            raise BadSetting(f"{PREFIX}ENROLMENT_APPROVAL is {self.enrolment_approval!r}; it can be asked or given.")
        if self.labor_rates not in ("group", "person"):
            raise BadSetting(f"{PREFIX}LABOR_RATES is {self.labor_rates!r}; it can be group or person.")
        if self.wage_approvers > 2:
            raise BadSetting(f"{PREFIX}WAGE_APPROVERS is {self.wage_approvers}; it can be 2 or 1.")
        if self.second_factor_roles != ("none",) and not {*self.second_factor_roles} <= {*ROLES}:
            named = ",".join(self.second_factor_roles)
            raise BadSetting(f"{PREFIX}SECOND_FACTOR_ROLES is {named!r}; it names {', '.join(ROLES)}, or none.")
        if not self.second_factor_roles:
            raise BadSetting(f"{PREFIX}SECOND_FACTOR_ROLES is empty; none is written none.")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise BadSetting(f"{PREFIX}PUBLIC_URL is {self.public_url!r}; it begins with https:// or http://.")
        if self.reset_minutes > 30:
            raise BadSetting(f"{PREFIX}RESET_MINUTES is {self.reset_minutes}; it is at most 30.")
        if self.oidc_issuer:
            issuer = urlsplit(self.oidc_issuer)
            here = issuer.hostname in ("localhost", "127.0.0.1", "::1")  # nobody listens in between
            if not (issuer.scheme == "https" or (issuer.scheme == "http" and here)) or issuer.query or issuer.fragment:
                raise BadSetting(f"{PREFIX}OIDC_ISSUER is {self.oidc_issuer!r}; it is an address with https://.")
            if not self.oidc_client_id:
                raise BadSetting(f"{PREFIX}OIDC_ISSUER needs {PREFIX}OIDC_CLIENT_ID.")
        for port in self.egress_ports:
            if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
                raise BadSetting(f"{PREFIX}EGRESS_PORTS names {port!r}; a port is a number up to 65535.")
        for name in ("egress_networks", "proxy_addresses"):
            for network in getattr(self, name):
                try:
                    ip_network(network)
                except ValueError as wrong:
                    raise BadSetting(f"{env_name(name)} names {network!r}; write it as 192.168.10.0/24.") from wrong
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is int and value < (0 if field.name in MAY_BE_ZERO else 1):
                raise BadSetting(f"{env_name(field.name)} is {value}; it cannot be that small.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **chosen: Any) -> "Settings":
        """The settings of the environment; `chosen` (from a command line, None: not given) comes before them."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            text = environ.get(env_name(field.name))
            if text is not None and text.strip():
                values[field.name] = _convert(field, text.strip())
        values |= {name: value for name, value in chosen.items() if value is not None}
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables from which a child process reads the same settings."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["data_dir"] = self.data_dir.absolute()
        return {
            env_name(name): ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in values.items()
        }

    @property
    def database(self) -> str:
        """The database's address, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'floorledger.sqlite'}"

    def needs_factor(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles signs in with a second factor."""
        return not set(roles).isdisjoint(self.second_factor_roles)

    def secret_key(self) -> bytes:
        """Signs what a browser keeps for us between two pages (messages shown once)."""
        return self._key("secret.key")

    def ledger_key(self) -> bytes:
        """Keys the hashes of sealed batches. Whoever restores the ledger elsewhere needs this file."""
        return self._key("ledger.key")

    def pin_key(self) -> bytes:
        """Keys the hashes of operators' PINs. Without it every PIN has to be set anew."""
        return self._key("pin.key")

    def pin_keys(self) -> list[bytes]:
        """The same, newest first, with the ones before it that may still fit: see `floorledger keys`."""
        return self._keys("pin.key")

    def password_key(self) -> bytes:
        """Keys the hashes of passwords and recovery codes. Without it all of them have to be set anew."""
        return self._key("password.key")

    def password_keys(self) -> list[bytes]:
        """The same, newest first, with the ones before it that may still fit: see `floorledger keys`."""
        return self._keys("password.key")

    def vault_keys(self) -> list[bytes]:
        """Seal what server/vault.py keeps, newest first: two of them after a rotation."""
        return self._keys("vault.key")

    def audit_keys(self) -> list[bytes]:
        """Seal the audit trail, oldest first: its lines count them so."""
        return self._keys("audit.key")[::-1]

    def _key(self, name: str) -> bytes:
        return self._keys(name)[0]

    def _keys(self, name: str) -> list[bytes]:
        """32 random bytes a line, kept in a file of mode 0600. Two processes may ask for the first time at once."""
        path = self.data_dir / name
        try:
            if not path.exists():
                self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
                made = path.with_name(f".{name}.{secrets.token_hex(8)}")
                with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_hex(32).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(made, path)  # fails when another process was first: its key is the one
                except FileExistsError:
                    pass
                finally:
                    made.unlink()
            found = [bytes.fromhex(line) for line in path.read_text().split()]
            if {len(key) for key in found} != {32}:
                raise ValueError("a key has 32 bytes")
            return found
        except ValueError as wrong:
            raise BadSetting(f"{path} does not hold a key; restore it from a backup.") from wrong
        except OSError as wrong:
            raise BadSetting(f"The key {path} can neither be read nor made: {wrong.strerror}.") from wrong


def env_name(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def unknown_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look like settings and are none: misspelt, or of another version."""
    known = {env_name(field.name) for field in dataclasses.fields(Settings)} | NOT_OURS
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _convert(field: "dataclasses.Field[Any]", text: str) -> Any:
    match field.default:
        case int():
            if not (text.isascii() and text.isdigit()):
                raise BadSetting(f"{env_name(field.name)} is {text!r}; it is a whole number.")
            return int(text)
        case tuple():
            return tuple(part.strip() for part in text.split(",") if part.strip())
        case Path():
            return Path(text)
        case _:
            return text
