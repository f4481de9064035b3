"""Who may do what, written down by hand: every address, who is let in, whose things it touches, what it takes, and what
of people it may show.

The views say the same of themselves (`@access`, server/auth/access.py). It stands here a second time on purpose: who
loosens a rule by mistake fails a test, who does it on purpose changes two places and sees both.

Columns: method and address | who is let in | whose things | what is taken | what of people is shown.
Who: `public`, `device`, roles, scopes of tokens. Whose: a rule of server/auth/objects.py; `fresh`: the sign-in must
have been proved a moment ago; `arriving`: also for a sign-in that lacks a second factor or a longer password. Taken:
`?name` is a query parameter, `name` a field, `name*` may repeat, `?*` any. Shown: the words of `READABLE` in
server/auth/fields.py.
"""

from dataclasses import dataclass

TABLE = """
# What every browser may open: the program itself, which tells nothing of anybody.
GET  /                                | public | none | ?* | -
GET  /enrol                           | public | none | ?* | -
GET  /S/<code>                        | public | none | ?* | -
GET  /s/<code>                        | public | none | ?* | -
GET  /static/<path:filename>          | public | none | ?* | -
GET  /manifest.webmanifest            | public | none | ?* | -
GET  /service-worker.js               | public | none | ?* | -
GET  /plain-http                      | public | none | ?* | -
GET  /healthz                         | public | none | -  | -
GET  /api/v1/event-types              | public | none | -  | -
GET  /api/v1/openapi.json             | public | none | -  | -

# Coming in and going out.
GET  /sign-in                         | public | none | ?next | -
POST /sign-in                         | public | none | ?next name password answer next | -
GET  /sign-in/second                  | public | none | ?next | -
POST /sign-in/second                  | public | none | ?next code answer next | -
GET  /sign-in/passkey                 | public | none | ?for | -
GET  /sign-in/again                   | lead accountant payroll admin auditor | own arriving | ?next | -
POST /sign-in/again                   | lead accountant payroll admin auditor | own arriving | ?next password code answer next kept | -
POST /sign-out                        | public | own  | - | -
GET  /join                            | public | none | - | -
POST /join                            | public | none | code password again | -
GET  /reset                           | public | none | - | -
POST /reset                           | public | none | code password again | -
GET  /sign-in/oidc                    | public | none | ?next ?again | -
POST /sign-in/oidc/link               | public | none | code | -
GET  /sign-in/oidc/callback           | public | none | ?* | -
GET  /set-up                          | public | none | - | -
POST /set-up                          | public | none | code site_name zone currency name password | -
POST /language                        | public | own  | language next | -
POST /theme                           | public | none | theme next | -
GET  /start                           | lead accountant payroll admin auditor | own | - | -

# One's own account.
GET  /account                         | lead accountant payroll admin auditor | own | - | -
POST /account/name                    | lead accountant payroll admin auditor | own | display_name | -
GET  /account/password                | lead accountant payroll admin auditor | own arriving | ?next | -
POST /account/password                | lead accountant payroll admin auditor | own arriving | current password again next | -
GET  /account/second-factor           | lead accountant payroll admin auditor | own fresh arriving | ?next | -
POST /account/app                     | lead accountant payroll admin auditor | own fresh arriving | set_up code next | -
POST /account/app/remove              | lead accountant payroll admin auditor | own fresh | - | -
GET  /account/passkeys/options        | lead accountant payroll admin auditor | own fresh arriving | - | -
POST /account/passkeys                | lead accountant payroll admin auditor | own fresh arriving | answer name next | -
POST /account/passkeys/remove         | lead accountant payroll admin auditor | own fresh | key | -
POST /account/recovery-codes          | lead accountant payroll admin auditor | own fresh | - | -
POST /account/sessions                | lead accountant payroll admin auditor | own | session | -

# The floor.
GET  /board                           | lead accountant admin auditor         | site | ?wall ?part ?seen | name
POST /help/<uuid:call>/answer         | lead admin                    | fact | next | -
GET  /orders                          | lead accountant payroll admin auditor | site | ?status ?text ?after ?part ?seen | -
GET  /orders/<path:code>              | lead accountant payroll admin auditor | order | ?state ?shown ?part ?seen | name
GET  /facts/<uuid:identity>           | lead accountant payroll admin auditor | fact | - | name note user
GET  /facts/<uuid:event_id>/photo     | lead admin auditor                    | fact | - | photo
GET  /quality                         | lead accountant admin auditor         | site | ?kind ?by ?measure ?from ?to ?part ?seen | -
GET  /quality.csv                     | lead accountant admin auditor         | site | ?from ?to | -
GET  /held                            | lead accountant payroll admin auditor | site | ?reason ?of ?owner ?after | name

# Finance.
GET  /entries                         | accountant payroll auditor | site  | ?period ?element ?order ?operation ?account ?text ?before ?part ?seen | -
GET  /entries.csv                     | accountant payroll auditor | site  | ?period ?element ?order ?operation ?account ?text | -
GET  /entries.xlsx                    | accountant auditor payroll | site  | ?period ?element ?order ?operation ?account ?text | -
GET  /entries/<int:position>          | accountant payroll auditor | entry | - | name

# Wages: payroll's alone, after a proof, with a reason.
GET  /payroll                         | payroll | site       | - | -
GET  /payroll/rates                   | payroll | site fresh | ?why | name number wage
POST /payroll/rates                   | payroll | site fresh | why do person valid_from valid_until amount reason file text | name number wage
GET  /payroll/proposals               | payroll | site fresh | ?why | name number wage user
POST /payroll/proposals               | payroll | site fresh | why ids* | name number wage
POST /payroll/proposals/<uuid:identity> | payroll | proposal fresh | do why | name number wage
GET  /payroll/groups                  | payroll | site fresh | ?why ?day | name number wage
POST /payroll/groups                  | payroll | site fresh | why day group | name number wage
GET  /payroll/hours                   | payroll | site fresh | ?why ?period | name number wage
GET  /payroll/hours.csv               | payroll | site fresh | ?why ?period | name number wage
GET  /api/v1/payroll/hours            | payroll | site fresh | ?why ?period | name number wage
GET  /payroll/reads                   | payroll auditor | site | ?period | user

# Labels.
GET  /labels                          | lead admin | site | - | -
GET  /labels/<any(orders, badges, places, material, quick):name> | lead admin | site | ?new* | name number badge
POST /labels/lots                     | lead admin | site | item lots | -
POST /labels/sheet                    | lead admin | site | as paper width height first cut anew orders* operations* routes* badges* machines* work_centers* locations* devices* items* lots* words* reasons* activities* | name badge
GET  /labels/paper/<name>.css         | lead admin | none | - | -
GET  /labels/scanner                  | lead admin | site | - | -

# Administration.
GET  /admin/floor                     | lead admin auditor | site | - | -
POST /admin/floor                     | lead admin | site | typed_time fast_switch pin standard_cost away_minutes names | -
GET  /admin/people                    | lead admin auditor | site | ?text ?part ?seen | name number badge
POST /admin/people/<key>/pin          | lead admin | person | pin again do | name number badge
POST /admin/people/<key>/badge        | lead admin | person | - | name badge

GET  /admin/users                     | admin payroll auditor | site | - | user
POST /admin/users                     | admin | site fresh | name display_name role* team* language | user
POST /admin/users/<path:name>/rights  | admin | user fresh | role* team* | user
POST /admin/users/<path:name>/active  | admin | user fresh | do | user
POST /admin/users/<path:name>/unlock  | admin | user fresh | - | user
POST /admin/users/<path:name>/end     | admin | user fresh | - | user
POST /admin/users/<path:name>/unlink  | admin | user fresh | - | user
POST /admin/users/<path:name>/reset   | admin | user fresh | factor | user
POST /admin/users/<path:name>/withdraw | admin | link fresh | - | user
POST /admin/users/consent/<uuid:identity> | admin payroll | request fresh | do | user

# Privacy: what is kept of people.
GET  /privacy                         | admin payroll auditor | site | ?who | name number
POST /privacy/terms                   | admin         | site fresh | identity strangers notes refused diagnostics users security books | -
POST /privacy/notices                 | admin payroll | site | person receiver | -
GET  /privacy/people/<key>            | admin payroll | person | - | name number badge
GET  /privacy/people/<key>/data       | admin payroll | person fresh | ?form | name number badge note photo wage
POST /privacy/people/<key>/erase      | admin payroll | person fresh | confirm force | name
GET  /admin/tokens                    | admin accountant auditor | site | - | user
POST /admin/tokens                    | admin accountant | site fresh | name scope* days bound | user
POST /admin/tokens/<uuid:token>/revoke | admin accountant | token | - | -
GET  /admin/devices                   | lead admin auditor | site | ?part ?seen | -
POST /admin/devices/enrolment         | lead admin | site fresh | - | -
POST /admin/devices/rescue            | lead admin | site | file | -
POST /admin/devices/<identity>/revoke | lead admin | device | - | -
POST /admin/devices/<identity>/admit  | lead admin | device | - | -
POST /admin/devices/<identity>/decline | lead admin | device | - | -
GET  /admin/audit                     | payroll admin auditor | site | ?action ?actor ?subject ?from ?to ?below ?part ?seen | name user
GET  /admin/audit.csv                 | payroll admin auditor | site | ?action ?actor ?subject ?from ?to | name user
GET  /admin/audit.json                | payroll admin auditor | site | ?action ?actor ?subject ?from ?to | name user

# Devices.
POST /api/v1/devices/enrol            | public | none | secret name language public_key | -
POST /api/v1/device/key               | device | own | public_key | -
GET  /api/v1/device                   | device | own | ?waiting ?oldest ?version | -
POST /api/v1/device/sign-in           | device | own | number pin | name
POST /api/v1/events                   | device events:write | own | protocol batch_id lineage relayed_from events notes doubts | -
PUT  /api/v1/photos/<uuid:event_id>   | device | site | - | -
GET  /api/v1/events/status            | device events:write events:read | site | ?ids | -
GET  /api/v1/reference                | device reference:read | site | ?since | name badge

# Programs.
GET  /api/v1/entries                  | accountant payroll entries:read auditor | site | ?after ?limit ?format | -
GET  /api/v1/batches                  | accountant payroll entries:read auditor | site | ?after ?limit | -
GET  /api/v1/orders                   | lead accountant payroll admin entries:read auditor | site | ?status ?text ?after ?limit | -
GET  /api/v1/losses                   | lead accountant admin entries:read auditor | site | ?from ?to | -
GET  /api/v1/orders/<path:code>/cost  | lead accountant payroll admin entries:read auditor | order | - | -
GET  /api/v1/orders/<path:code>/variances | accountant payroll entries:read auditor | order | - | -
"""  # noqa: E501 -- a table is read across


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a method and an address with all that is allowed there."""

    method: str
    address: str
    who: frozenset[str]
    objects: str
    fresh: bool
    arriving: bool
    query: frozenset[str]
    writes: frozenset[str]
    reads: frozenset[str]

    @property
    def name(self) -> str:
        """As a test names it."""
        return f"{self.method} {self.address}"


def _line(text: str) -> Line:
    address, who, objects, takes, shows = (part.strip() for part in text.split("|"))
    method, address = address.split(maxsplit=1)
    taken = [] if takes == "-" else takes.split()
    return Line(
        method, address, frozenset(who.split()), objects.split()[0], "fresh" in objects.split()[1:],
        "arriving" in objects.split()[1:],
        frozenset(name[1:] for name in taken if name.startswith("?")),
        frozenset(name for name in taken if not name.startswith("?")),
        frozenset(() if shows == "-" else shows.split()),
    )  # fmt: skip


LINES = [_line(text) for text in TABLE.splitlines() if text.strip() and not text.startswith("#")]
