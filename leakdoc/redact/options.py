r"""More places where tools take secrets: options, here-strings, settings; in the shape that `tools.py` has.

An option that means one thing to one tool is named with it: `-P` is a port to most, and a password to a few.
"""

from __future__ import annotations

from typing import Final

_QUOTED: Final = r"\"[^\"\n]+\"|'[^'\n]+'"
_WORD: Final = rf"(?P<value>{_QUOTED}|[^\s\"'|;&]+)"
_MIXED: Final = r"(?P<value>(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[^\s,;\"'`)]{8,})"
_NAME: Final = r"(?:password|passwd|pwd|secret|token|api[_-]?key|credential|passphrase|private[_-]?key)"

# Programs, their option, and whether the value may stand right behind it.
_OF_PROGRAMS: Final = (
    ("useradd|usermod", "-p"),
    ("mosquitto_(?:pub|sub|rr)|ipmitool|ipmipower|xfreerdp", "-P"),
    ("snowsql|beeline|racadm|oc login|unrar|rar|sqoop|jira|nxc|evil-winrm", "-p"),
    ("ssh-keygen", "-N"),
    ("ssh-keygen", "-P"),
    ("doctl auth init", "-t"),
    ("pdftk|qpdf|zipcloak", "-P"),
)
_OPTIONS: Final = tuple(
    (
        rf"\b(?:{programs})\b[^\n|;]{{0,300}}?\s{option}\s*(?!['\"]{{2}}){_WORD}",
        " ".join(program.partition(" ")[0].partition("(")[0] for program in programs.split("|") if program != "sub"),
    )
    for programs, option in _OF_PROGRAMS
)
FORMS: Final = (
    *_OPTIONS,
    (rf"(?<![\w-])--?(?:src|dest|key|trust)?(?:store|key)pass(?:word)?[= ]{_WORD}", "storepass keypass"),
    (rf"(?<![\w-])--(?:[a-z]+-)?pass[= ](?!(?:rate|ed|es|ing)\b){_WORD}", "-pass"),
    (
        rf"\b(?:chpasswd|kinit|cryptsetup|passwd|sudo\s+-S|--password-stdin|--with-token)\b[^\n|;]{{0,200}}?<<<\s*{_WORD}",
        "<<<",
    ),
    (r"--(?:password|passphrase|token)-file[= ]<\((?:echo|printf)\s+(?:-\w+\s+)?(?P<value>[^)\n]+)\)", "-file"),
    (r"(?i)\bacl\s+setuser\s+[^\n]*?\s>(?P<value>[^\s\"']+)", "setuser"),
    (rf"\bisql\s+(?:-\w+\s+)*[\w.-]+\s+[\w.-]+\s+(?!-){_WORD}", "isql"),
    (r"\b(?:rman|expdp|impdp)\b[^\n]*?\s(?:target|catalog|auxiliary)\s+[\w$#.]+/(?P<value>[^\s@\"']+)", "rman"),
    (r"\b[\w.-]+:(?P<value>[^\s@:/\"'`]+)@(?:tcp|unix)\(", "@tcp( @unix("),  # as Go writes it
    (rf"\bpulumi\s+config\s+set\b[^\n|;]*?--secret\b[^\n|;]*?\s[\w:.-]+\s+{_WORD}", "pulumi"),
    (r"\bcurl\b[^\n|;]{0,2000}?\s(?:-E\s*|--cert[= ])[^\s:]+\.\w{2,4}:(?P<value>\S+)", "curl"),
    (rf"(?i){_NAME}\w*\\?['\"]\]\s*=\s*(?P<value>{_QUOTED})", "']= ']~= \"]= \"]~="),
    (
        rf"(?i)\b(?:key|name)\s*=\s*[\"'][\w.-]*{_NAME}[\w.-]*[\"']\s+value\s*=\s*[\"'](?P<value>[^\"'\n]+)",
        "value= value~=",
    ),
    (rf"(?i)\bvariable\s+\"\w*{_NAME}\w*\"\s*\{{[^}}]*?\bdefault\s*=\s*(?P<value>{_QUOTED})", 'variable~"'),
    (rf"(?im)^\s*[\w-]+(?:\.[\w-]+)*\.{_NAME}[ \t]+(?P<value>\S+)[ \t]*$", ".password .secret .token .passwd"),
    (rf"(?i){_NAME}\w{{0,40}}%3[dD](?P<value>[^\s&\"']+)", "%3d"),
)
"""Pairs of a pattern and the words, of which at least one stands in every text that holds it."""

NAMED: Final = (
    (rf"\b(?:stats\s+auth)\s+[^\s:]+:{_WORD}", "stats"),
    (rf"\bauth_pass\s+{_WORD}", "auth_pass"),
    (rf"_auth(?:token)?[=:\s]+{_WORD}", "_auth"),
    (rf"(?i)_authtoken[=:\s]+{_WORD}", "_authtoken"),
    (r"(?P<value>\bSCRAM-SHA-\d+\$\d+:[\w+/=$:]+)", "scram-sha"),
    (r"(?P<value>\bmd5[0-9a-f]{32}\b)", "md5"),
    (rf"\bpoetry\s+config\s+(?:http-basic\.\S+\s+\S+|pypi-token\.\S+)\s+{_WORD}", "poetry"),
    (rf"\bwpa_passphrase\s+\S+\s+{_WORD}", "wpa_passphrase"),
    (r"\bpsk\s*=\s*(?P<value>\"[^\"\n]+\"|[^\s#]+)", "psk"),
    (rf"(?<![^\n])(?i:ENV|ARG)\s+(?i:\w*{_NAME}\w*)\s+{_WORD}", "env arg"),
    (rf"(?i)\btoken\s+{_MIXED}", "token"),
    (r"(?i)\b(?:user(?:name)?|login)\s+\S+[\s,/]+pass(?:word)?\s+(?P<value>(?=\S*\d)[^\s,;\"']{6,})", "user login"),
    (rf"\b(?:creds?|credentials?|login)\s+[a-z][\w.-]*\s?[:/]\s?{_MIXED}", "cred login"),
)
"""The same, but for this: the pattern begins with what it needs."""
