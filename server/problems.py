"""Trouble in a request: a catalogue of coded problems, and one place that answers them.

A program gets RFC 9457 JSON, a browser a page, htmx a fragment. Every answer names a stable code, what was wrong and
what to do, and an id that is also in the log; none shows a stack, SQL, a path of the machine or a version.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import werkzeug.exceptions
from flask import Flask, Response, g, json, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext

from server.store.database import first_line, is_unavailable

log = logging.getLogger("floorledger")
_ = lazy_gettext


@dataclass(frozen=True, slots=True)
class Kind:
    """One code of the catalogue. Title and action are sentences for people; both may hold `{name}` places."""

    code: str
    status: int
    title: LazyString
    action: LazyString


_KINDS = [
    # who is asking
    Kind("auth.missing", 401, _("You are not signed in."), _("Sign in, or send a device's or program's credential.")),
    Kind("auth.revoked", 401, _("This credential is not valid any more."), _("Ask an administrator for a new one.")),
    Kind("auth.forbidden", 403, _("You may not do this."), _("Ask an administrator for the role it needs: {needs}.")),
    Kind("auth.undeclared", 403, _("This address is closed."), _("Report it: no rule says who may open it.")),
    Kind("auth.cross_site", 403, _("This request comes from another site."), _("Use the pages of this server.")),
    Kind("auth.wrong_password", 401, _("Name and password do not fit."),
         _("Try again. After several failures a name is locked for some minutes.")),
    Kind("auth.wrong_code", 401, _("This code does not fit."),
         _("Type the code your app shows now; each is taken once. After several failures it has to wait.")),
    Kind("auth.passkey_refused", 401, _("This passkey was not accepted."),
         _("Try again, or prove who you are in another way.")),
    Kind("auth.passkey_taken", 409, _("This passkey is known here already."), _("Use it, or add another one.")),
    Kind("auth.unfinished", 403, _("Your sign-in lacks something."),
         _("Open the start page: it leads to what is missing.")),
    Kind("auth.not_fresh", 403, _("This asks once more who you are."),
         _("Prove it at /sign-in/again, then do it again.")),
    Kind("auth.factor_needed", 409, _("Your roles ask for a second factor."),
         _("Add another one first, then take this one away.")),
    Kind("auth.set_up_stale", 410, _("This page was open for too long."), _("Begin again: it takes a minute.")),
    Kind("auth.password_differs", 422, _("The two passwords differ."), _("Type the same password twice.")),
    Kind("auth.no_passkeys", 409, _("Passkeys do not work at this address."),
         _("Open the pages by a host name over https, or at localhost.")),
    Kind("auth.weak_password", 422, _("This password is too weak."), _("Choose one that fits: {rule}")),
    Kind("auth.setup_done", 410, _("This set-up link is used or too old."),
         _("Start the server again for a new one, or sign in.")),
    Kind("auth.link_invalid", 410, _("This link does not work any more."),
         _("It was used, replaced, or is too old. Ask an administrator for a new one.")),
    Kind("auth.no_address", 409, _("This server does not know under which address people reach it."),
         _("Set FLOORLEDGER_PUBLIC_URL to that address; a link made from what a browser sends could lead elsewhere.")),
    Kind("oidc.off", 404, _("Nobody signs in here with an account elsewhere."), _("Sign in with name and password.")),
    Kind("oidc.unreachable", 503, _("The service you wanted to sign in with does not answer."),
         _("Try again in a moment, or sign in with name and password.")),
    Kind("oidc.refused", 401, _("The other service did not sign you in."), _("Try again, or ask an administrator.")),
    Kind("oidc.untrusted", 401, _("The other service’s answer proves nothing."),
         _("Begin again on the sign-in page. If it stays, report the number {id} to your administrator.")),
    Kind("oidc.lapsed", 410, _("This sign-in took too long, or was used already."), _("Begin again.")),
    Kind("oidc.unlinked", 403, _("That account belongs to nobody here."),
         _("Ask an administrator for an invitation, and accept it with that account.")),
    Kind("oidc.taken", 409, _("That account signs in somebody else here."),
         _("Use an account of your own, or choose a password.")),
    # users and their rights
    Kind("user.unknown", 404, _("There is no such user."), _("Look at the list of users.")),
    Kind("user.name_taken", 409, _("This sign-in name is taken."), _("Choose another one.")),
    Kind("user.last_admin", 409, _("This is the last administrator."),
         _("Make somebody else an administrator first.")),
    Kind("user.needs_another", 403, _("This takes another person’s consent."),
         _("Somebody with the payroll role, or another administrator where nobody has it, answers it on the page "
           "Users.")),
    Kind("user.request_gone", 404, _("This request was answered already, or has lapsed."),
         _("Look at the list of users.")),
    Kind("team.outside", 403, _("This is about people of other teams."),
         _("Ask a team lead who is responsible for all of them.")),
    # devices
    Kind("device.secret_unknown", 410, _("This enrolment code is not known."), _("Ask for a new code.")),
    Kind("device.secret_used", 410, _("This enrolment code was already used."), _("Ask for a new code.")),
    Kind("device.secret_expired", 410, _("This enrolment code is too old."), _("Ask for a new code.")),
    Kind("device.waiting", 403, _("Nobody has let this device in yet."),
         _("Ask a team lead to let it in on the page Devices.")),
    Kind("device.signature_missing", 401, _("This device signs what it sends, and this is not signed."),
         _("If the browser lost its key, a team lead lets it in again on the page Devices.")),
    Kind("device.signature_wrong", 401, _("This is not signed by the device it claims to come from."),
         _("If the browser lost its key, a team lead lets it in again on the page Devices.")),
    Kind("device.signature_old", 401, _("This was signed too long ago, or by a clock that is wrong."),
         _("Take the time from the answer and sign it again.")),
    Kind("device.signature_used", 401, _("This was received before."), _("Sign it again.")),
    Kind("device.unknown", 404, _("There is no such device."), _("Look at the list of devices.")),
    # programs
    Kind("token.name", 422, _("A token has a name of 1 to 100 characters."), _("Name the program it is for.")),
    Kind("token.scopes", 422, _("A token is for something."), _("Choose what the program may do.")),
    Kind("token.days", 422, _("A token ends some day."), _("Choose 1 to {most} days.")),
    Kind("token.bound", 422, _("A token of a machine tells of that machine, and nothing else."),
         _("Choose one machine or work center that exists, and {scope} alone.")),
    Kind("token.beyond", 403, _("You cannot give a program more than you may yourself."),
         _("Leave out: {scopes}. Or ask somebody who may.")),
    Kind("token.unknown", 404, _("There is no such token."), _("Look at the list of programs.")),
    # operators
    Kind("person.pin_wrong", 401, _("Number and PIN do not fit."), _("Type both again, or ask your team lead.")),
    Kind("person.pin_locked", 429, _("Too many wrong PINs."), _("Wait {wait}, or ask your team lead for a new PIN.")),
    Kind("person.pin_shut", 403, _("This number takes no PIN after too many wrong ones."),
         _("Scan your badge. A team lead unlocks the PIN on the page People.")),
    Kind("person.pin_off", 403, _("This site takes no number and PIN."), _("Scan your badge.")),
    Kind("person.pin_weak", 422, _("This PIN is too easy to guess."),
         _("Choose 6 to 12 digits: no date, no run such as 123456, no repetition, not the person's number.")),
    Kind("person.pin_differs", 422, _("The two PINs differ."), _("Type the same PIN twice.")),
    Kind("person.no_number", 422, _("This person has no personnel number."),
         _("Import the number first: a PIN is typed beside it.")),
    Kind("person.erased", 409, _("This person is erased already."), _("Nothing is left to erase.")),
    Kind("person.not_settled", 409,
         _("Work runs ({running}) or facts wait for an answer ({unsettled}) of this person."),
         _("Settle them first, while it is known who can tell; or insist.")),
    Kind("person.not_confirmed", 422, _("Number or name was not typed as it stands."),
         _("Type it exactly: an erasure cannot be taken back.")),
    Kind("person.unknown", 404, _("Nobody has this number."), _("Look at the list of people.")),
    # photos beside facts
    Kind("photo.fact_unknown", 404, _("The fact this photo belongs to is not here yet."),
         _("Send the fact first, then the photo.")),
    Kind("photo.digest_mismatch", 422, _("This photo is not the one its fact speaks of."),
         _("Keep it on the device and show it to your team lead.")),
    Kind("photo.not_jpeg", 415, _("This is no photo that can be kept."), _("Send a JPEG picture.")),
    # facts another device brings in
    Kind("relay.device_unknown", 400, _("The device these facts come from is not known here."),
         _("Enrol the device at this server first, or send them to the server it belongs to.")),
    Kind("relay.device_revoked", 403, _("The device these facts come from is shut out."),
         _("Give the file to your team lead: it can be taken in on the page Devices.")),
    Kind("relay.not_a_rescue", 422, _("This is no file of facts saved by a device."),
         _("Choose the file the device saved under “Save as a file”.")),
    # wages
    Kind("wages.not_chosen", 409, _("This site keeps no rates of single people."),
         _("Entries use the rates of groups. To keep rates of people besides, an administrator sets "
           "FLOORLEDGER_LABOR_RATES=person.")),
    Kind("wages.no_reason", 422, _("It is recorded why somebody looks at wages."), _("Choose a reason.")),
    Kind("wages.refused", 422, _("These rates cannot be proposed."), _("Correct what is said below.")),
    Kind("wages.unknown", 404, _("There is no such proposal."), _("Look at the list of proposals.")),
    Kind("wages.decided", 409, _("This proposal is settled already."), _("Look at the list of proposals.")),
    Kind("wages.second_person", 403, _("Somebody else approves what you propose."),
         _("Ask another person with the payroll role; if there is none, an administrator gives the role to a second "
           "person.")),
    Kind("wages.mean_refused", 422, _("The mean of this group cannot be published."),
         _("Keep the rate that is entered for the group, or wait until more rates have changed.")),
    # backups
    Kind("backup.not_ours", 422, _("This is no backup of Floorledger."), _("Choose the file floorledger backup made.")),
    Kind("backup.wrong_key", 422, _("The passphrase or key file does not fit this backup."),
         _("Use the one it was made with.")),
    Kind("backup.damaged", 422, _("This backup is damaged, cut off or was changed."),
         _("Nothing was restored. Take another copy of it, or an older backup.")),
    Kind("backup.newer", 422, _("A newer Floorledger made this backup."), _("Restore it with that version.")),
    Kind("backup.unlike", 422, _("What was read back differs from what was to be kept."),
         _("The file was not kept. Run floorledger verify on the installation, mend what it names, and try again.")),
    Kind("backup.short_secret", 422, _("This passphrase is too short."),
         _("Use at least 12 characters, or a key file: floorledger backup --new-key-file FILE.")),
    Kind("backup.exists", 409, _("There is a file of this name already."), _("Give another name: backups do not "
         "replace each other.")),
    Kind("restore.running", 409, _("Floorledger is running on this data."),
         _("Stop it first, everywhere, then restore.")),
    Kind("restore.no_proof", 403, _("Only an administrator replaces what is here."),
         _("Give the name, the password and a code of an administrator of this installation.")),
    Kind("restore.unfinished", 503, _("A restore was interrupted here."),
         _("Run floorledger restore again to its end.")),
    # the request as such
    Kind("request.invalid", 400, _("This request cannot be understood."), _("Correct it and send it again.")),
    Kind("request.unknown_field", 400, _("This address does not take the field “{field}”."),
         _("Leave the field out: only what a page offers, or the description of the interface names, is taken.")),
    Kind("request.repeated_field", 400, _("The field “{field}” is given more than once."), _("Give it once.")),
    Kind("request.bad_character", 400, _("What was sent holds a control character."), _("Type the text anew.")),
    Kind("request.not_found", 404, _("There is nothing here."), _("Check the address, or begin at the start page.")),
    Kind("request.method", 405, _("This address does not answer to that method."), _("Use one of: {methods}")),
    Kind("request.too_large", 413, _("Too much at once."), _("Send less at a time.")),
    Kind("request.media_type", 415, _("The content is of an unknown kind."), _("Send {expected}.")),
    Kind("request.too_many", 429, _("Too many requests."), _("Wait a moment and try again.")),
    Kind("request.failed", 400, _("This request cannot be answered."), _("Correct it and send it again.")),
    Kind("server.error", 500, _("Something went wrong here."),
         _("Try again. If it stays, report the number {id} to your administrator.")),
    Kind("storage.unavailable", 503, _("The database cannot be used at the moment."),
         _("Nothing was lost and nothing was stored: try again in a moment.")),
    # facts; the same codes stand in the verdict on a single fact
    Kind("intake.malformed_json", 400, _("The text is not JSON."), _("Send JSON in UTF-8.")),
    Kind("intake.too_large", 413, _("Too much at once."), _("Send fewer facts at a time.")),
    Kind("intake.not_json", 415, _("The content is of an unknown kind."), _("Send application/json, at most gzipped.")),
    Kind("intake.not_an_object", 422, _("This is not a fact."), _("Send each fact as a JSON object.")),
    Kind("intake.unknown_type", 422, _("This kind of fact is not known here."), _("Bring the server up to date.")),
    Kind("intake.lead_only", 403, _("A device may not say this."),
         _("Ask your team lead to say it on the pages of this server, where one signs in.")),
    Kind("intake.not_bound", 403, _("This token may not say that."),
         _("It is bound to a machine: send the time of that machine only.")),
    Kind("intake.unknown_version", 422, _("This version of the fact is not known here."),
         _("Bring the server up to date.")),
    Kind("intake.unknown_field", 422, _("A field is not known here."),
         _("Leave it out, or bring the server up to date.")),
    Kind("intake.missing_field", 422, _("A required field is missing."), _("Send the field.")),
    Kind("intake.bad_value", 422, _("A field has a value that cannot be."), _("Correct the value.")),
    Kind("intake.bad_character", 422, _("A text holds an invisible or control character."), _("Type the text anew.")),
    Kind("intake.string_too_long", 422, _("A text is too long."), _("Shorten the text.")),
    Kind("intake.number_too_large", 422, _("A number is too large."), _("Correct the number.")),
    Kind("intake.not_a_number", 422, _("A number is written in a way two readers could read differently."),
         _("Send whole numbers as such and decimals as text.")),
    Kind("intake.duplicate_key", 422, _("A field is given twice."), _("Send each field once.")),
    Kind("intake.conflict", 409, _("Another fact has this id already."),
         _("Both are kept; somebody has to look at it.")),
    Kind("intake.protocol", 400, _("This version of the protocol is not known here."), _("Send protocol 1.")),
    Kind("intake.too_many", 413, _("Too many facts at once."), _("Send at most {most} facts at a time.")),
    Kind("entries.bad_cursor", 400, _("This cursor is none of ours."),
         _("Use the cursor of an earlier answer, or none.")),
    Kind("entries.lineage_changed", 409, _("This cursor belongs to another history of the ledger."),
         _("The server was restored: compare what you hold with GET /api/v1/batches, "
           "then start again without a cursor.")),
    Kind("entries.cursor_beyond_end", 409, _("This cursor lies beyond the end of the ledger."),
         _("The server was restored from an older copy: start again without a cursor.")),
    Kind("intake.too_deep", 422, _("The JSON is nested too deeply."), _("Send facts as flat objects.")),
    Kind("intake.too_many_fields", 422, _("A fact has too many fields."), _("Send known fields only.")),
]  # fmt: skip

CATALOGUE: dict[str, Kind] = {kind.code: kind for kind in _KINDS}

# What the framework itself refuses, in our words.
_BY_STATUS = {
    400: "request.invalid", 401: "auth.missing", 403: "auth.forbidden", 404: "request.not_found",
    405: "request.method", 413: "request.too_large", 415: "request.media_type", 429: "request.too_many",
}  # fmt: skip


class Problem(Exception):
    """A request that is refused. `code` is one of the catalogue; `detail` says what was wrong with this one, in the
    reader's language; `params` fill the places of the catalogue's sentences."""

    def __init__(self, code: str, detail: str = "", *, pointer: str = "", **params: str) -> None:
        super().__init__(code, detail)
        self.kind = CATALOGUE[code]
        self.detail = detail
        self.pointer = pointer
        # The number a reader reports and the log repeats.
        self.id = secrets.token_hex(4)
        self.params = {"id": self.id, **params}
        self.headers: dict[str, str] = {}
        # Further members of the answer for programs (RFC 9457, 3.2).
        self.members: dict[str, str] = {}

    @property
    def code(self) -> str:
        """The stable code."""
        return self.kind.code

    @property
    def title(self) -> str:
        """What was wrong, in the reader's language."""
        return fill(str(self.kind.title), self.params)

    @property
    def action(self) -> str:
        """What to do about it, in the reader's language."""
        return fill(str(self.kind.action), self.params)

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.detail, self.action) if part)


def fill(sentence: str, params: Mapping[str, str]) -> str:
    """The sentence with its `{name}` places filled; a place nobody fills stays as it is."""
    for name, value in params.items():
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence


def describe(code: str, detail: str = "", pointer: str = "") -> dict[str, str]:
    """A problem as it stands in a verdict on one fact: code, title, detail, pointer."""
    described = {"code": code, "title": str(CATALOGUE[code].title)}
    if detail:
        described["detail"] = detail
    if pointer:
        described["pointer"] = pointer
    return described


def init_app(app: Flask) -> None:
    """Answer every refusal and every failure of `app` here."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(werkzeug.exceptions.HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_failure)


def wants_json() -> bool:
    """Whether a program asks: by the address, or because it prefers JSON to a page."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return bool(best) and best != "text/html"


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def answer(problem: Problem) -> ResponseReturnValue:
    """The answer to a refused request."""
    status = problem.kind.status
    write = log.warning if status in (401, 403, 429) else log.info
    # Neither the address as typed nor the detail: both may hold what somebody sent.
    write("%s %s refused: %s id=%s", request.method, _place(), problem.code, problem.id)
    response: Response
    if wants_json():
        members: dict[str, Any] = {
            "type": f"/problems/{problem.code}",
            "code": problem.code,
            "title": problem.title,
            "status": status,
            "detail": problem.detail or problem.action,
            "action": problem.action,
            "id": problem.id,
        }
        if problem.pointer:
            members["pointer"] = problem.pointer
        members |= problem.members
        response = Response(json.dumps(members), status, mimetype="application/problem+json")
    elif problem.code == "auth.missing" and request.method in ("GET", "HEAD"):
        response = _to_sign_in()
    else:
        name = "fragments/problem.html" if wants_fragment() else "problem.html"
        response = Response(render_template(name, problem=problem), status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(problem.headers)
    return response


def _to_sign_in() -> Response:
    """The sign-in page, which leads back here; htmx must be told to leave the page."""
    here = request.full_path.rstrip("?")
    target = "/sign-in" if here == "/" else f"/sign-in?next={quote(here, safe='/')}"
    if wants_fragment():
        return Response("", 204, headers={"HX-Redirect": "/sign-in"})
    return cast(Response, redirect(target, 303))


def _place() -> str:
    """The address asked for, as its view names it."""
    return request.url_rule.rule if request.url_rule else "(no such address)"


def _answer_http(refused: werkzeug.exceptions.HTTPException) -> ResponseReturnValue:
    """What Flask or Werkzeug refused; a redirect of theirs passes."""
    if refused.code is not None and 300 <= refused.code < 400:
        return cast(Response, refused.get_response())
    problem = Problem(_BY_STATUS.get(refused.code or 500, "request.failed"))
    if isinstance(refused, werkzeug.exceptions.MethodNotAllowed) and refused.valid_methods:
        problem.params["methods"] = ", ".join(sorted(refused.valid_methods))
        problem.headers["Allow"] = problem.params["methods"]
    if isinstance(refused, werkzeug.exceptions.UnsupportedMediaType):
        problem.params["expected"] = "application/json"
    if refused.code is not None and refused.code >= 500:
        return _answer_failure(refused)
    return answer(problem)


def _answer_failure(wrong: Exception) -> ResponseReturnValue:
    """What nobody expected. A database that is busy, full or away may be well again soon: 503."""
    if is_unavailable(wrong):
        problem = Problem("storage.unavailable")
        problem.headers["Retry-After"] = "5"
        reason = first_line(wrong)
        log.error("%s %s: database unavailable: id=%s %s", request.method, _place(), problem.id, reason)
        return answer(problem)
    problem = Problem("server.error")
    log.exception("%s %s failed: id=%s", request.method, _place(), problem.id)
    g.pop("principal", None)  # the page of an unexpected failure relies on as little as it can
    return answer(problem)
