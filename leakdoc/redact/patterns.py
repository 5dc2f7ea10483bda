"""Where a secret can stand in text: an ordered list of forms, each with the part that is secret named `value`.

A form is *sure* where nothing but a secret stands in that place (the password of a URL, `PGPASSWORD=`); only what was
found in such a place, or looks like nothing else, is afterwards searched for everywhere in a record.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from leakdoc.redact import options, tools


class Form(NamedTuple):
    """One place where secrets stand.

    Args:
        pattern: has the group `value`.
        sure: whatever stands there is a secret, whether it looks like one or not.
        needs: at least one of these stands in every text that holds the form, in lower case.
        anchored: the pattern begins with what it needs.
        also: at least one of these stands in it too, where there are any.
    """

    pattern: re.Pattern[str]
    sure: bool
    needs: tuple[str, ...]
    anchored: bool = False
    also: tuple[str, ...] = ()


_NAMED: Final = (
    r"(?:password|passwd|pwd|secret|token(?!\w*[ \t]*[=:][ \t]*\d{1,6}(?!\w))|"
    r"api[_-]?key|credential|authorization|passphrase|"
    r"access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|client[_-]?key|"
    r"session[_-]?key|session[_-]?id|master[_-]?key|x-[\w-]{0,30}-(?:key|auth))"
)
SECRET_NAME: Final = rf"(?<![\w.-])[\w.-]{{0,80}}?{_NAMED}[\w.-]{{0,80}}"
_QUOTED: Final = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\\\"[^\"\\\n]*\\\""
VALUE: Final = rf"(?P<value>{_QUOTED}|[^\s,;&]+)"

_TOLD: Final = (  # what is said of a secret, or of the file that is called so, is none
    r"(?:permission|no such|not |is a directory|denied|retry|unchanged|files\b|failed|invalid|missing|required|expired|"
    r"none\b|null\b|rejected|incorrect|unknown)"
)
# A sentence that names a secret is no assignment: "missing token: retry", "password: unchanged".
_ASSIGNED: Final = rf"(?i){_NAMED}[\w.-]{{0,80}}(?:\\?[\"'])?[ \t]*[=:](?![:=~>])[ \t]*(?!//|{_TOLD}){VALUE}"

_NO_COOKIE: Final = (  # what a header of configuration or of a report says of cookies: "cookie: none"
    r"[\"']?(?:none|null|nil|no|yes|true|false|off|on|absent|missing|unset|empty|disabled|enabled|invalid|expired|"
    r"rejected|not set)\b(?![^\r\n]*[=:])"
)

SURE: Final = (
    r"(?P<value>-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z))",
    r"\b(?P<value>(?:AKIA|ASIA)[0-9A-Z]{16})\b",  # an access key id
    r"\b(?P<value>eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*)",  # a JSON web token
    r"(?<=hooks\.slack\.com/)(?P<value>[^\s\"'\\]+)",  # a webhook's path is its secret
    r"(?i)\bhttps://[\w.-]*(?:webhook|discord(?:app)?\.com/api/webhooks|open\.feishu\.cn/open-apis/bot|"
    r"oapi\.dingtalk\.com/robot)[\w.-]*/(?P<value>[^\s\"'\\]{8,})",
    r"(?i)\bhttps?://[^\s\"']+?/(?:hooks?|webhookb?2?|webhooks)/(?P<value>[^\s\"'\\]{6,})",
    r"\b(?P<value>xox[a-z]-[\w-]{8,})",
    r"\b(?P<value>(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|hvs\.|dop_v1_|sk_live_|sk_test_|rk_live_|whsec_|shpat_)"
    r"[\w-]{10,})",
    r"\b(?P<value>(?:sk|pk)-[A-Za-z0-9_-]{20,})",
    r"\b(?P<value>AIza[\w-]{30,})",
    r"\b(?P<value>SG\.[\w-]{16,}\.[\w-]{16,})",
    # "basic authentication" and "bearer authentication" hold none
    r"\b(?i:basic|negotiate)\s+(?P<value>(?![a-z]+\b(?![=+/]))[A-Za-z0-9_~+/-]{8,}={0,2})",
    r"\b(?i:bearer)\s+(?P<value>(?![a-z]+\b(?![=+/.]))[^\s\"'\\]{8,})",
    r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:token|apikey|aws4-hmac-sha256|digest|key)\s+(?P<value>[^\"'\n]+)",
    rf"(?i)\bcookie[\"']?\s*:\s*(?!{_NO_COOKIE})(?P<value>\S[^\r\n]*)",
    r"\bcurl\b[^\n|;]{0,2000}?\s(?:-[a-zA-Z]{0,6}b\s*|--cookie[ =])"
    r"(?P<value>\"[^\"\n]*=[^\"\n]*\"|'[^'\n]*=[^'\n]*'|[^\s\"']+=[^\s\"']+)",
    r"\bcurl\b[^\n|;]{0,2000}?\s(?:-[a-zA-Z]{0,6}[uU]\s*|--user[ =]|--proxy-user[ =])"
    r"(?P<value>\"[^\"\n]+\"|'[^'\n]+'|[^\s:\"']+:\S+)",
    r"\b(?:mysql(?:dump|admin|import|show)?|mariadb(?:-dump|-admin)?)\b[^\n|;]{0,500}?\s-p"
    r"(?P<value>'[^'\n]+'|\"[^\"\n]+\"|[^\s]+)",
    r"\b(?:redis|valkey|keydb|dragonfly)-cli\b[^\n|;]{0,500}?\s-a\s+(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"\b(?:sshpass|cqlsh|7z|mongosh?|mongodump|rabbitmqadmin|docker login|podman login|helm registry login|lftp|"
    r"influx)\b"
    r"[^\n|;]{0,300}?\s-p\s*(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"\b(?:ldapsearch|ldapmodify|ldapwhoami)\b[^\n|;]{0,300}?\s-w\s*(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    *(
        rf"\bsnmp[a-z]+\b[^\n|;]{{0,300}}?\s-{option}\s*(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)" for option in "AXc"
    ),  # what authenticates, what encrypts, and a community
    r"(?i)\b(?:identified\s+by|(?:create|alter)\s+(?:user|role)\b[^;\n]{0,120}?\bpassword)\s+(?P<value>'[^'\n]+'|\"[^\"\n]+\")",
    r"(?i)\brequirepass\s+(?P<value>\S+)",
    r"(?im)^\s*AUTH\s+(?P<value>\S{6,})\s*$",
    r"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?P<value>\S+)",
    r"(?m)^[\w.*-]+:(?:\d+|\*):[\w*-]+:[\w*-]+:(?P<value>\S+)$",  # a line of .pgpass
    r"(?i)\bjdbc:oracle:\w+:[^/\s@]+/(?P<value>[^@\s]+)@",
    r"(?i)[?&](?:x-amz-signature|x-amz-security-token|x-amz-credential|sig|signature|access_token|auth|key|api_?key|pw|apikey)="
    r"(?P<value>[^\s&\"'#\\]+)",
    rf"(?i)(?<![a-z0-9])(?:pass(?:phrase|wd|word)?|psw|pw)(?:\\?[\"']\s*:\s*|\\?[\"']?\s*=\s*)(?!{_TOLD})"
    + VALUE,  # but "pass: 3 checks"
    r"\b[A-Z][A-Z0-9_]*(?:_KEY|_PASS|_PW|_PAT|_SALT|_AUTH)=" + VALUE,
    r"(?i)\b(?:REDISCLI_AUTH|MYSQL_PWD|VAULT_TOKEN|SSHPASS)=" + VALUE,
    r"(?<![\w-])--(?:key|auth|sig|hmac|apikey)[= ]"
    r"(?P<value>(?=[\"']?[^\s/]*\d)(?![^\s]*\.(?:pem|key|crt|p12|json)\b)(?![^\s]*/)"
    r"(?:\"[^\"\s]{8,}\"|'[^'\s]{8,}'|[^\s\"']{8,}))",
    r"\b(?:sqlplus|sqlcl|expdp|impdp|rman|sqlldr)\s+(?:-\w+\s+)*[\w$#.\[\]-]+/(?P<value>\"[^\"\s]+\"|'[^'\s]+'|[^\s@\"']+)(?=@|\s)",
    r"\b(?:sqlcmd|bcp|osql|tsql|isql)\b[^\n|;]{0,300}?\s-P\s*(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"(?i)\bapi\.telegram\.org/bot(?P<value>\d+:[\w-]+)",
    r"\b(?P<value>sha256~[\w-]{20,})",
    r"\b(?:redis|valkey|keydb|dragonfly)-cli\b[^\n|;]{0,300}?\s--pass\s+(?P<value>\S+)",
    r"(?i)[\"']auth[\"']\s*:\s*[\"'](?P<value>[A-Za-z0-9+/=]{8,})[\"']",  # a registry's, in Docker's configuration
    r"(?P<value>\$(?:apr1|1|2[aby]|5|6|y)\$[^\s:\"']{8,})",  # crypt(3)
    r"\bopenssl\b[^\n|;]{0,200}?\s(?:-k\s+|-pass(?:in|out)?\s+pass:)(?P<value>\S+)",
    r"(?i)\bConvertTo-SecureString\s+(?:-String\s+)?(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"--from-literal[= ][\w.-]+=(?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"\bput-parameter\b(?=[^\n]{0,400}SecureString)[^\n]{0,300}?--value[= ](?P<value>'[^'\n]+'|\"[^\"\n]+\"|\S+)",
    r"\b(?P<value>AGE-SECRET-KEY-1\w{10,})",
    r"\b(?P<value>(?:ya29\.|lin_api_|ATATT3|fm[12]_)[\w-]{10,})",
    r"\brabbitmqctl\s+(?:add_user|change_password|authenticate_user)\s+\S+\s+(?P<value>\S+)",
    r"\b(?:https?|xh)\s[^\n|;]{0,200}?(?:-a|--auth)[= ](?P<value>[^\s:]+:\S+)",
    r"\bhtpasswd\s+-\w*b\w*\s+(?:\S+\s+)?\S+\s+(?P<value>\S+)",
    r"\b(?:zip|unzip)\b[^\n|;]{0,100}?\s-P\s*(?P<value>\S+)",
    r"(?i)\b(?:passwor[dt]|passphrase|token|kennwort|contraseña|mot de passe|senha|wachtwoord|hasło|lösenord|"
    r"парол[ья])"
    r"\s*(?:[:：=]|\b(?:is|was|ist|es|est|é|è|jest)\b)\s*(?P<value>(?=\S*[\d!@#$%^&*_])[^\s,;]{5,})",
    r"(?:パスワード|暗証番号|비밀번호|암호)\s*(?:[:：=]|は|는|은)\s*(?P<value>[^\s、。,]{4,})",
    r"(?i)\b(?:use|using|with) (?:the )?(?:token|password|passphrase) (?P<value>(?=\S*\d)(?=\S*[A-Za-z])\S{6,})",
    r"(?:密码|口令|密钥|令牌)\s*(?:是|为|[:：=])\s*(?P<value>[^\s，。,;；]+)",
)
"""Places where nothing but a secret stands."""

NAMED_PAIR: Final = (
    rf"(?i)\bname[\"']?\s*:\s*[\"']?{SECRET_NAME}[\"']?\s*,?\s*[\"']?\bvalue[\"']?\s*:\s*(?P<value>{_QUOTED}|[^\s,}}]+)",
    rf"(?i)\bkey[\"']?\s*:\s*[\"']?{SECRET_NAME}[\"']?\s*,?\s*[\"']?\bvalue[\"']?\s*:\s*(?P<value>{_QUOTED}|[^\s,}}]+)",
)
_OPTION: Final = rf"(?i)(?<![\w-])--?[\w.-]{{0,80}}?{_NAMED}[\w.-]{{0,80}}\s+{VALUE}"
_CUSTOM_HEADER: Final = rf"(?i)\bx-[\w-]{{0,30}}-(?:key|auth)[\w-]{{0,30}}[\"']?[ \t]*[=:][ \t]*{VALUE}"


_NEEDS: Final = (
    "-----begin", "akia asia", "eyj", "hooks.slack.com", "webhook discord feishu dingtalk", "hook", "xox",
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat npm_ pypi- hvs. dop_v1 sk_ rk_ whsec_ shpat_", "sk- pk-", "aiza",
    "sg.", "basic negotiate", "bearer", "authorization", "cookie", "curl", "curl", "mysql mariadb",
    "redis-cli valkey-cli keydb-cli dragonfly-cli",
    "sshpass cqlsh 7z mongo rabbitmqadmin docker podman helm lftp influx", "ldap", "snmp", "snmp", "snmp",
    "identified password",
    "requirepass", "auth", "machine", ":", "jdbc:oracle", "sig= signature token credential auth= key= pw=",
    "pass psw pw",
    "_key= _pass= _pw= _pat= _salt= _auth=", "rediscli_auth mysql_pwd vault_token sshpass",
    "--key --auth --sig --hmac --apikey", "sqlplus sqlcl expdp impdp rman sqlldr", "sqlcmd bcp osql tsql isql",
    "telegram", "sha256~", "redis-cli valkey-cli keydb-cli dragonfly-cli",
    "auth", "$apr1 $1$ $2 $5$ $6$ $y$", "openssl", "securestring",
    "--from-literal", "put-parameter", "age-secret-key", "ya29. lin_api_ atatt3 fm1_ fm2_", "rabbitmqctl",
    "-a --auth", "htpasswd", "zip",
    "passwor passphrase token kennwort contraseña mot_de_passe senha wachtwoord hasło lösenord парол",
    "パスワード 暗証番号 비밀번호 암호",
    "token password passphrase", "密码 口令 密钥 令牌",
)  # fmt: skip
_NAMES: Final = (
    "password", "passwd", "pwd", "secret", "token",
    "apikey", "api_key", "api-key", "credential", "authorization",
    "passphrase", "accesskey", "access_key", "access-key", "accountkey",
    "account_key", "account-key", "privatekey", "private_key", "private-key",
    "signingkey", "signing_key", "signing-key", "encryptionkey", "encryption_key",
    "encryption-key", "clientkey", "client_key", "client-key", "sessionkey",
    "session_key", "session-key", "sessionid", "session_id", "session-id",
    "masterkey", "master_key", "master-key",
)  # fmt: skip


@cache
def forms() -> tuple[Form, ...]:
    """Return every form but the userinfo of a URL; they are compiled when the first text is looked at."""
    return (
        *(
            Form(
                re.compile(text, re.DOTALL if "BEGIN" in text else 0),
                True,
                tuple(each.replace("mot_de_passe", "mot de passe") for each in needs.split(" ")),
                anchored="kennwort" in needs,
            )
            for text, needs in zip(SURE, _NEEDS, strict=True)
        ),
        *(
            Form(re.compile(text), True, (begins,), anchored=True, also=(*_NAMES, "-key", "-auth"))
            for text, begins in zip(NAMED_PAIR, ("name", "key"), strict=True)
        ),
        Form(re.compile(_ASSIGNED), False, _NAMES, anchored=True),
        Form(re.compile(_CUSTOM_HEADER), False, ("-key", "-auth")),
        Form(re.compile(_OPTION), False, _NAMES),
        *(Form(re.compile(text), True, _words(needs)) for text, needs in (*tools.FORMS, *options.FORMS)),
        *(Form(re.compile(text), True, _words(needs), anchored=True) for text, needs in (*tools.NAMED, *options.NAMED)),
        *(Form(re.compile(text), False, _words(needs), anchored=True) for text, needs in tools.UNSURE),
    )


def _words(needs: str) -> tuple[str, ...]:
    return tuple(each.replace("~", " ") for each in needs.split())


@cache
def literals() -> tuple[str, ...]:
    """Return what the forms need, each once."""
    return tuple(dict.fromkeys(each for form in forms() for each in (*form.needs, *form.also)))


@cache
def userinfo() -> re.Pattern[str]:
    """Return what stands between a URL's scheme and its host."""
    return re.compile(
        r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)"
        # A password may hold @ and /; host:port/ is no user.
        r"(?P<userinfo>(?![^\s/@:]+:\d+/)[^\s/@:\"']*:[^\s\"'\\]*|[^/\s@\"'\\]+)@"
    )


@cache
def hint() -> re.Pattern[str]:
    """Return what at least one of is in every text that holds a form: most texts are spared the rest."""
    return re.compile(
        r"(?i)sudo -s|net use|vault|nomad|smb|rpcclient|lftp|mongo|configure set|stringdata|"
        r"mosquitto|ipmitool|racadm|snowsql|beeline|unrar|ssh-keygen|doctl|<<<|setuser|isql|@tcp|@unix|md5|scram-|poetry|"
        r"psk|%3d|login|"
        r"kinit|assword|cargo login|pw|log ?in|sign ?in|xapp-|glsa_|dapi|hf_|dckr_|pmak|pscale|sntrys|sbp_|figd_|nvapi|"
        r"pul-|nrak|xkeysib|gl\w+-|shp\w\w_|dp\.|atctt|ops_|r8_|"
        r"dop_v1|ya29|lin_api|atatt3|fm[12]_|\$(?:apr1|[1256y]|2[aby])\$|securestring|literal|openssl|zip|7z|kennwort|"
        r"contraseña|senha|wachtwoord|hasło|lösenord|парол|パスワード|暗証番号|비밀번호|암호|put-parameter|rabbitmqctl|"
        r"pass|pwd|secret|token|key|cred|auth|cookie|bearer|basic|://|akia|asia|eyj|xox|gh[pousr]_|glpat|npm_|pypi-|"
        r"hvs\.|_pat|_pw|_salt|sk[-_]|sg\.|aiza|curl|snmp|sql|bcp|expdp|impdp|rman|telegram|sha256~|--sig|--hmac|-u|-p|-a|-b|-w|identified|machine|session|sig=|pw=|密码|口令|密钥|令牌|"
        r":(?:\d+|\*):"
    )
