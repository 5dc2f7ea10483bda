r"""Where tools take secrets, or show them: each form beside what stands in every text that holds it, in lower case.

They are tried behind those of `patterns`; the part that is secret is the group `value`, and all of them are sure.
"""

from __future__ import annotations

from typing import Final

_QUOTED: Final = r"\"[^\"\n]+\"|'[^'\n]+'"
_WORD: Final = rf"(?P<value>{_QUOTED}|[^\s\"']+)"
_SAME_COMMAND: Final = r"[^\n|;]{0,300}?"

FORMS: Final = (
    (  # what is handed to a prompt through a pipe
        rf"\b(?:echo|printf)\s+(?:-\w+\s+)?(?P<value>{_QUOTED}|[^\s\"'|]+)\s*\|\s*[^\n|]{{0,120}}?"
        r"(?:--password-stdin|--pass(?:word|phrase)?-fd|\bsudo\s+(?:-\w+\s+)*-S\b|\bchpasswd\b|\bpasswd\s+--stdin|\bkinit\b)",
        "-stdin -fd sudo chpasswd kinit",
    ),
    (rf"\bvault\s+login\s+(?:-[\w=-]+\s+)*(?:token=)?{_WORD}", "vault"),
    (
        rf"\b(?:vault\s+(?:kv\s+)?(?:put|patch|write)|nomad\s+var\s+put)\b[^\n|;]*?\s[\w.-]+=(?![@-]){_WORD}",
        "vault nomad",
    ),
    (rf"\b(?:fly(?:ctl)?|wrangler|supabase)\s+secrets?\s+(?:set|put)\b{_SAME_COMMAND}\s[\w.-]+={_WORD}", "secret"),
    (rf"\b(?:gh|glab)\s+(?:secret|variable)\s+set\b{_SAME_COMMAND}\s(?:--body|-b|-v)[= ]{_WORD}", "secret variable"),
    (rf"\baz\s+keyvault\s+secret\s+set\b{_SAME_COMMAND}\s--value[= ]{_WORD}", "keyvault"),
    (rf"\baws\s+configure\s+set\s+\S*(?:secret|token)\S*\s+{_WORD}", "configure"),
    (rf"\bmongo(?:sh|dump|restore|export|import|stat|top)?\b{_SAME_COMMAND}\s-p\s*(?!ort\b){_WORD}", "mongo"),
    (rf"\blftp\b{_SAME_COMMAND}\s-u\s*[^\s,]+,{_WORD}", "lftp"),
    (
        rf"\b(?:smbclient|smbget|rpcclient|smbmap)\b{_SAME_COMMAND}\s-U\s*[\"']?[^%\s\"']+%(?P<value>[^\s\"']+)",
        "smb rpcclient",
    ),
    (r"(?i)\bnet\s+use\b[^\n]{0,80}?\\\\\S+\s+(?P<value>[^\s/*]\S*)\s+/user", "net"),
    (rf"\bredis-cli\b[^\n|;]{{0,300}}?\s(?i:auth)\s+(?:[\w-]+\s+(?=\S))?(?![-|]){_WORD}", "redis-cli"),
    (r"\]\s+\"(?i:auth)\"\s+(?:\"[^\"\n]*\"\s+)?\"(?P<value>[^\"\n]+)\"", '"auth"'),  # as MONITOR shows it
    (r"\\password\b[^\n]*\n(?P<value>\S+)", "\\password"),
    (r"\bSecretStr\(['\"](?P<value>[^'\"*\n]+)['\"]\)", "secretstr"),
    (
        rf"\b(?:PGPASSWORD|(?:[A-Z][A-Z0-9]*_)+PASSWORD)=(?P<value>(?![$({{<%])(?:{_QUOTED}|(?:\\ |[^\s,;&\"'])+))",
        "password=",
    ),
    (rf"(?i)\bmasterauth\s+{_WORD}", "masterauth"),
    (
        r"\bcurl\b[^\n|;]{0,2000}?\s(?:-[a-zA-Z]{0,6}u\s*|--user[ =])[\"']?"
        r"(?P<value>(?=\w*\d)(?=\w*[A-Za-z])\w{12,})(?=:[\s\"'])",  # a token in the user's place
        "curl",
    ),
    (r"\bcurl\b[^\n|;]{0,2000}?\s(?:-[a-zA-Z]{0,6}u\s*|--user[ =])[\"']?:(?P<value>[^\s\"']+)", "curl"),
    (rf"\baz\s+(?:acr\s+)?login\b{_SAME_COMMAND}\s-p\s*{_WORD}", "login"),
    (rf"\b(?:plink|pscp|psftp|klink)\b{_SAME_COMMAND}\s-pw\s+{_WORD}", "plink pscp psftp klink"),
    (rf"\b(?:cypher-shell|twine\s+upload|sqlpackage|nexus|lpass)\b{_SAME_COMMAND}\s-p\s*{_WORD}", "cypher twine"),
    (rf"\bcargo\s+login\s+(?!-){_WORD}", "cargo"),
    (rf"\betcdctl\b{_SAME_COMMAND}\s--user[= ][\"']?[^\s:\"']+:(?P<value>[^\s\"']+)", "etcdctl"),
    (
        r"\bauth\(\s*\\?[\"'][^\"'\\\n]*\\?[\"']\s*,\s*\\?[\"'](?P<value>[^\"'\\\n]+)",  # db.auth("bob", "x")
        "auth(",
    ),
    (r"\bassword[^\n]{0,60}?\bsend\w*\s+(?:--\s+)?\\?[\"'](?P<value>[^\"'\\\s]+)", "assword"),
    (r"(?i)\"SecretString\"\s*:\s*(?P<value>\"(?:[^\"\\\n]|\\.)+\")", "secretstring"),
)  # fmt: skip
"""Pairs of a pattern and the words, of which at least one stands in every text that holds it."""

NAMED: Final = (
    (  # what its maker begins so, that it be found
        r"\b(?P<value>(?:glsa_|xapp-\d-|dckr_pat_|PMAK-|pscale_\w{2,6}_|tskey-\w+-|sntrys_|sbp_|figd_|nvapi-|pul-|NRAK-|"
        r"xkeysib-|gl(?:ptt|rt|dt|soat|cbt|imt|ft)-|shp(?:ss|ca|pa)_|dp\.[psc]t\.|ATCTT3|ops_eyJ)[\w.-]{16,}|"
        r"dapi[0-9a-z]{32}|hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,})",
        "glsa_ xapp- dckr_ pmak- pscale_ tskey- sntrys_ sbp_ figd_ nvapi- pul- nrak- xkeysib- glptt- glrt- gldt- "
        "glsoat- glcbt- glimt- glft- shpss_ shpca_ shppa_ dp.pt. dp.st. dp.ct. atctt3 ops_eyj dapi hf_ r8_",
    ),
    (r"(?i)\bcred(?:s|entials?)?\b\s*[:=]\s*[^\s/:]+\s*[/:]\s*(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[^\s,;]{6,})", "cred"),
    (
        r"(?i)\b(?:log ?in|sign ?in|creds?) (?:with|as|using) \S+ ?/ ?(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[^\s,;]{6,})",
        "login log~in signin sign~in cred",
    ),
    (r"(?i)\bsecret[ _-]?id[\"']?\s*[:=]\s*[\"']?(?P<value>[\w-]{6,})", "secret"),
    (r"(?i)shared[_-]?key\s*[=:]\s*(?P<value>\S+)", "sharedkey shared_key shared-key"),
    (
        r"(?i)(?:routing|integration|license|write|deploy|hmac|ingest)[_-]?key[\"']?\s*[=:]\s*[\"']?"
        r"(?P<value>(?=[\w+/=-]*\d)[\w+/=-]{16,})",
        "routing integration license write deploy hmac ingest",
    ),
    (
        r"(?i)authorization[\"']?\s*[:=]\s*[\"']?[A-Za-z][\w-]{2,20}\s+(?P<value>(?=\S*\d)[^\s\"']{6,})",
        "authorization",
    ),
    (
        r"(?i)(?<=[:-])(?:password|passwd|pwd|secret|token)\s+(?P<value>\"[^\"\n]+\")",
        "password passwd pwd secret token",
    ),
    (r"\bPASS (?P<value>[^\s\\\"]{4,})(?=\\r\\n)", "pass"),  # as strace shows a mail's or a file server's
    (r"(?i)auth\\r\\n\$\d+\\r\\n(?P<value>[^\\\s\"]+)", "auth"),
    (
        r"(?i)\b(?:passwor[dt]|passphrase|pw|pwd|token|kennwort|contraseña|mot de passe|senha|wachtwoord|hasło)"
        r"\s*(?:[:=]|\b(?:is|was|ist|lautet|heißt|es|est|é|è|jest)\b)\s*[`\"'“«]?"
        r"(?P<value>(?=[^\s`\"'”»]*\d)(?=[^\s`\"'”»]*[A-Za-z])[^\s,;`\"'”»]{5,})",
        "passwor passphrase pw token kennwort contraseña mot~de~passe senha wachtwoord hasło",
    ),
)
"""The same, but for this: the pattern begins with what it needs, whose blanks are written as tildes."""

UNSURE: Final = (
    (  # a column of a table that a secret's name begins: `password    x`
        r"(?im)(?:password|passwd|secret|token|api[_-]?key)[\w.-]{0,80}(?:[ \t]{2,}|\t)"
        r"(?P<value>(?!\d+\s)(?!\d+$)[^\s:=|]+)[ \t]*$",
        "password passwd secret token apikey api_key api-key",
    ),
    (  # an element of XML
        r"(?i)(?:password|passwd|passphrase|secret|token|api-?key|privatekey)>(?P<value>[^<\s]+)</",
        "password passwd passphrase secret token apikey api-key privatekey",
    ),
    (  # set -x NAME value, setenv NAME value
        r"(?i)\b(?:setenv|set(?:\s+-\w+)+)\s+\w*(?:password|passwd|pwd|secret|token|api_?key|credential)\w*\s+"
        rf"(?P<value>{_QUOTED}|[^\s;&|]+)",
        "setenv set~-",
    ),
    (  # :password=>"x", 'password' => 'x', password := "x"
        r"(?i)(?:password|passwd|pwd|secret|token|api[_-]?key|credential|passphrase)\w{0,80}['\"]?\s*(?:=>|:=)\s*"
        rf"(?P<value>{_QUOTED})",
        "password passwd pwd secret token apikey api_key api-key credential passphrase",
    ),
    (  # {"value": "x", "name": "DB_PASSWORD"}
        r"(?i)value[\"']\s*:\s*(?P<value>\"[^\"\n]+\")\s*,\s*[\"'](?:name|key)[\"']\s*:\s*[\"'][\w.-]*"
        r"(?:password|passwd|pwd|secret|token|api[_-]?key|credential|passphrase|private[_-]?key)[\w.-]*[\"']",
        "value",
    ),
)
"""The same as `NAMED`, where what stands there may be something else."""
