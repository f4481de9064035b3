"""Accept facts: each gets a verdict of its own, and a bad one never stops its neighbours.

created   it is new and stored
exists    the same id with the same content is stored already
conflict  the same id with other content is stored already: both are kept, the first one counts
rejected  malformed or not allowed; kept to be looked at, never applied

The caller owns the transaction and answers only after it is committed.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from server.store import event_log, intake_log, people
from sync.core.canonical import dump
from sync.events import catalog
from sync.events.base import UUID_PATTERN, Event
from sync.events.catalog import EventRefused
from sync.events.correction import EventReplaced, EventVoided

# A lead's word on a fact, and on an order as a whole. Whoever holds a phone may say who he is; at a desk one signs in.
LEAD_ONLY = "This is said by a team lead who signs in at a desk."
NOT_BOUND = "This token is bound to a machine and tells its time only."
SIGNED = frozenset({"event.approved", "event.declined", "order.closed", "order.reopened"})
# Under what name a user signs at a desk: nobody else may use it.
DESK = "user:"
# How far ahead of what is known a number may be that another device tells: the device goes on counting from there, so
# one at the end of all numbers would leave it none. More captures than a device could ever hold.
FARTHEST = 1_000_000
# Letters of no text: where the salt ends and the words begin must not be a matter of opinion.
SALT = re.compile("[0-9a-f]{16,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose facts these are, by credential: a device's (which are numbered), a program's, or a user's at a desk.
    `relayed_by`: who brings them in, where the device that captured them could not; `machines`: the only ones a program
    may tell the time of, None: no such bound."""

    id: str
    is_device: bool = False
    relayed_by: str = ""
    machines: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one event. `id` is what was sent, even when it is no id at all (cut at 64 characters)."""

    id: str
    verdict: Literal["created", "exists", "conflict", "rejected"]
    code: str = ""
    # A msgid with `{name}` places, and what fills them: the rim says it in the reader's language.
    sentence: str = ""
    pointer: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Sound:
    event: Event
    body: str
    digest: str


def accept(connection: Connection, site: str, sender: Sender, raw_events: Sequence[Any], now: int) -> list[Verdict]:
    """Store parsed JSON values as facts; `now` is the server's clock in milliseconds. One verdict each, in order."""
    sound: dict[int, _Sound] = {}
    verdicts: dict[int, Verdict] = {}
    refused: list[tuple[Any, EventRefused]] = []
    farthest = event_log.last_sequence(connection, site, sender.id) + FARTHEST if sender.relayed_by else 0
    for index, raw in enumerate(raw_events):
        try:
            event = catalog.load(raw)
            if sender.is_device and event.device_seq is None:
                raise EventRefused("intake.missing_field", "A device numbers its facts.", "/device_seq")
            if sender.is_device and (pointer := _leads_word(connection, site, event)):
                raise EventRefused("intake.lead_only", LEAD_ONLY, pointer)
            if not _may_sign(site, sender, event.declared_by or ""):
                raise EventRefused("intake.lead_only", LEAD_ONLY, "/declared_by")
            if sender.machines is not None and not _is_of(sender.machines, event):
                raise EventRefused("intake.not_bound", NOT_BOUND, "/type")
            if farthest and (event.device_seq or 0) > farthest:
                raise EventRefused("intake.bad_value", "expects {low} to {high}", "/device_seq", low="1",
                                   high=str(farthest))  # fmt: skip
        except EventRefused as wrong:
            verdicts[index] = Verdict(
                _claimed_id(raw), "rejected", wrong.code, wrong.sentence, wrong.pointer, wrong.params
            )
            refused.append((raw, wrong))
            continue
        body = dump(raw)
        sound[index] = _Sound(event, body, hashlib.sha256(body.encode()).hexdigest())

    stored = intake_log.digests(connection, site, [fact.event.id for fact in sound.values()])
    rows = []
    conflicts = []
    for index, fact in sound.items():
        known = stored.get(fact.event.id)
        if known is None:
            stored[fact.event.id] = fact.digest
            rows.append(
                {**event_log.look_ups(fact.event), "recorded_at": now, "sender": sender.id,
                 "relayed_by": sender.relayed_by or None, "digest": fact.digest, "body": fact.body}
            )  # fmt: skip
            verdicts[index] = Verdict(fact.event.id, "created")
        elif known == fact.digest:
            verdicts[index] = Verdict(fact.event.id, "exists")
        else:
            conflicts.append(fact)
            verdicts[index] = _conflict(fact)
    if rows:
        # Somebody else may store the same fact at this moment: the key decides, not the look-up above.
        for event_id, digest in event_log.add(connection, site, rows).items():
            index = next(i for i, fact in sound.items() if fact.event.id == event_id)
            if digest == sound[index].digest:
                verdicts[index] = Verdict(event_id, "exists")
            else:
                conflicts.append(sound[index])
                verdicts[index] = _conflict(sound[index])
    if conflicts:
        intake_log.keep_conflicts(
            connection, site, sender.id, now, [(fact.event.id, fact.digest, fact.body) for fact in conflicts]
        )
    if refused:
        kept = [(_claimed_id(raw), wrong.code, wrong.detail, _as_it_came(raw)) for raw, wrong in refused]
        intake_log.keep_rejections(connection, site, sender.id, now, kept)
    if sender.is_device:
        announced = {fact.event.device_seq: fact.event.id for fact in sound.values() if fact.event.device_seq}
        intake_log.note_sequence(connection, site, sender.id, announced)
        if not sender.relayed_by:
            newest = max((fact.event for fact in sound.values()), key=lambda event: event.device_seq or 0, default=None)
            intake_log.note_contact(connection, site, sender.id, now, newest.clock_offset_ms if newest else None)
    return [verdicts[index] for index in range(len(raw_events))]


def keep_notes(connection: Connection, site: str, notes: Mapping[str, Any], events: Sequence[Any]) -> None:
    """Store the free text beside facts whose digest it matches; text nobody vouches for is dropped.

    What vouches is the fact as it is stored: one that was refused, or another one under the same id, does not.
    """
    claimed = {_claimed_id(raw) for raw in events} & notes.keys()
    named = [event_id for event_id in claimed if re.fullmatch(UUID_PATTERN, event_id)]
    vouched = intake_log.note_digests(connection, site, named) if named else {}
    kept = []
    for event_id, digest in vouched.items():
        salt, text = _note(notes[event_id])
        if salt and digest == hashlib.sha256((salt + text).encode("utf-8", "replace")).hexdigest():
            kept.append((event_id, salt, text[:2000]))
    intake_log.keep_notes(connection, site, kept)


def keep_doubts(
    connection: Connection, site: str, sender: Sender, doubts: Mapping[str, Any], events: Sequence[Any]
) -> None:
    """Keep what a device found out about the clock its facts were captured by: by how many milliseconds each seems to
    have happened later than it says. Said once; what is no such number is dropped."""
    claimed = {_claimed_id(raw) for raw in events} & doubts.keys()
    sound = {
        event_id: doubts[event_id]
        for event_id in claimed
        if re.fullmatch(UUID_PATTERN, event_id) and type(doubts[event_id]) is int and abs(doubts[event_id]) <= 2**52
    }
    if sound and sender.is_device:
        intake_log.keep_doubts(connection, site, sender.id, sound)


def _note(note: Any) -> tuple[str, str]:
    """(salt, text) of a note as it came; two empty ones when it is none, or holds what no database keeps."""
    salt, text = (note.get("salt"), note.get("text")) if isinstance(note, dict) else (None, None)
    sound = isinstance(salt, str) and SALT.fullmatch(salt) and isinstance(text, str)
    return (str(salt), str(text)) if sound and not re.search("[\x00\ud800-\udfff]", str(text)) else ("", "")


def _leads_word(connection: Connection, site: str, event: Event) -> str:
    """The field by which a fact is a lead's word, or takes one away; "" if it is neither."""
    if event.type in SIGNED:
        return "/type"
    if isinstance(event, (EventVoided, EventReplaced)):
        return "/target_id" if event_log.type_of(connection, site, event.target_id) in SIGNED else ""
    return ""


def _may_sign(site: str, sender: Sender, declared_by: str) -> bool:
    """Whether this sender may state facts in that name: as a user, only that user at a desk."""
    return not declared_by.startswith(DESK) or sender.id == people.user_sender(site, declared_by.removeprefix(DESK))


def _is_of(machines: frozenset[str], event: Event) -> bool:
    """Whether a fact is the time of one of these machines, and of nothing and nobody else."""
    return event.type.startswith("machine.") and getattr(event, "machine", None) in machines


def _conflict(fact: _Sound) -> Verdict:
    sentence = "Another fact with this id is stored already; both are kept."
    return Verdict(fact.event.id, "conflict", "intake.conflict", sentence, "/id")


def _claimed_id(raw: Any) -> str:
    claimed = raw.get("id") if isinstance(raw, dict) else None
    return claimed[:64] if isinstance(claimed, str) else ""


def _as_it_came(raw: Any) -> str:
    """What was sent, in ASCII so that any database can keep it."""
    return json.dumps(raw, ensure_ascii=True, default=str)[:8192]
