"""What carries a command elsewhere, or only runs it in another way, is peeled off: the command inside counts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.shell.commands import Simple, Transport, simple_commands
from leakdoc.playbook.records.shell.options import TAKES

_DEEPEST: Final = 8
_WRAPPERS: Final = (
    "sudo", "doas", "nice", "ionice", "watch", "xargs", "nsenter", "strace", "stdbuf", "nohup", "setsid", "exec",
    "command", "time", "unbuffer", "proxychains", "env",
)  # fmt: skip
_SHELLS: Final = {"sh", "bash", "zsh", "dash", "ash", "ksh", "fish"}
Inner = tuple[Transport | None, "tuple[str, ...] | str"]


def peeled(line: str) -> list[Simple]:
    """Return the simple commands of a line, each where it really runs."""
    return [inner for simple in simple_commands(line) for inner in _peel(simple, 0)]


def peeled_argv(argv: tuple[str, ...]) -> list[Simple]:
    """Return the simple commands of words that no shell has to take apart."""
    return list(_peel(Simple(argv=argv), 0))


def _peel(simple: Simple, depth: int) -> Iterator[Simple]:
    inner = _inside(simple) if depth < _DEEPEST else None
    if inner is None:
        yield simple
        return
    transport, what = inner
    via = (*simple.via, transport) if transport else simple.via
    if isinstance(what, str):
        for position, each in enumerate(simple_commands(what)):
            if position == 0 and simple.fed and not each.fed and what != simple.fed:
                each = replace(each, fed=simple.fed)
            yield from _peel(replace(each, via=(*via, *each.via), looped=each.looped or simple.looped), depth + 1)
        return
    assigned = [word for word in what if re.match(r"[A-Za-z_]\w*=", word)] if simple.program == "env" else []
    argv = what[len(assigned) :]
    if argv:
        looped = simple.looped or simple.program == "watch"
        kept = replace(simple, argv=argv, assigned=(*simple.assigned, *assigned), via=via, looped=looped)
        yield from _peel(kept, depth + 1)


def _inside(simple: Simple) -> Inner | None:
    program, argv = simple.program, simple.argv
    if program in _SHELLS:
        return _script(simple)
    peel = _CARRIERS.get(program, _elsewhere)
    return peel(argv, simple)


def _script(simple: Simple) -> Inner | None:
    for position, word in enumerate(simple.argv[1:], start=1):
        if re.fullmatch(r"-[a-z]*c[a-z]*", word) and position + 1 < len(simple.argv):
            return None, simple.argv[position + 1]
        if not word.startswith("-"):
            return None
    return (None, simple.fed) if simple.fed else None


def _parted(words: tuple[str, ...], takes: set[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part leading options, with their values, from the rest."""
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "--":
        word = words[position]
        name = word.lstrip("-")
        alone = "=" in word or (name not in takes and not (not word.startswith("--") and name[-1:] in takes))
        glued = not word.startswith("--") and len(name) > 1 and name[0] in takes and name not in takes
        position += 1 if alone or glued else 2
    return list(words[:position]), words[position:]


def _wrapper(name: str, operands: int = 0) -> Callable[[tuple[str, ...], Simple], Inner | None]:
    def peel(argv: tuple[str, ...], simple: Simple) -> Inner | None:
        del simple
        _, rest = _parted(argv[1:], TAKES.get(name, set()))
        rest = rest[1:] if rest[:1] == ("--",) else rest
        if name == "watch" and len(rest) == 1 and " " in rest[0]:
            return None, rest[0]  # watch gives one word to a shell
        return (None, rest[operands:]) if len(rest) > operands else None

    return peel


def _carried(by: str, to: str, words: tuple[str, ...], rest: tuple[str, ...], simple: Simple) -> Inner | None:
    rest = rest[1:] if rest[:1] == ("--",) else rest
    transport = Transport(by=by, to=to, words=words)
    if rest:
        return transport, rest
    return (transport, simple.fed) if simple.fed else None


def _ssh(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    _, rest = _parted(argv[1:], TAKES["ssh"])
    if not rest:
        return None
    script = " ".join(rest[1:]) or simple.fed
    transport = Transport(by="ssh", to=rest[0].rpartition("@")[2], words=argv[: len(argv) - len(rest) + 1])
    if rest[1:] in (
        ("bash", "-s"),
        ("bash",),
        ("sh",),
        ("sh", "-s"),
        ("sudo", "bash"),
        ("sudo", "bash", "-s"),
        ("sudo", "sh"),
    ):
        script = simple.fed
    return (transport, script) if script else None


def _exec_of(by: str, verbs: tuple[tuple[str, ...], ...]) -> Callable[[tuple[str, ...], Simple], Inner | None]:
    """Return what peels `kubectl exec POD -- CMD` and its like: a verb, options, a name, a command."""
    takes = TAKES[by]

    def peel(argv: tuple[str, ...], simple: Simple) -> Inner | None:
        _, rest = _parted(argv[1:], takes)
        verb = next((each for each in verbs if rest[: len(each)] == each), None)
        kind = by
        if verb is None and rest[:1] == ("compose",):
            _, rest = _parted(rest[1:], takes)
            verb, kind = (rest[:1], "compose") if rest[:1] in (("exec",), ("run",)) else (None, by)
        if verb is None:
            return None
        _, rest = _parted(rest[len(verb) :], takes)
        if not rest:
            return None
        to, rest = rest[0], rest[1:]
        if rest[:1] != ("--",) and "--" in rest:
            rest = rest[rest.index("--") :]
        return _carried(
            "compose" if "compose" in simple.program else kind, to, argv[: len(argv) - len(rest)], rest, simple
        )

    return peel


def _option(argv: tuple[str, ...], *names: str) -> str:
    for position, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else " ".join(argv[position + 1 : position + 2])
    return ""


def _aws(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    del simple
    if "execute-command" in argv:
        task = _option(argv, "--task") or _option(argv, "--container")
        return (Transport(by="ecs", to=task, words=argv), command) if (command := _option(argv, "--command")) else None
    if "send-command" in argv and "ssm" in argv:
        given = re.search(r"commands=\[?(.*?)\]?$", _option(argv, "--parameters"))
        target = _option(argv, "--instance-ids") or _option(argv, "--targets")
        return (Transport(by="ssm", to=target, words=argv), given[1].strip("\"'")) if given else None
    return None


def _ansible(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    del simple
    module, script = _option(argv, "-m", "--module-name") or "command", _option(argv, "-a", "--args")
    if module not in ("shell", "command", "raw", "ansible.builtin.shell", "ansible.builtin.command") or not script:
        return None
    _, rest = _parted(argv[1:], {"i", "m", "a", "u", "l", "f"})
    return Transport(by="ansible", to=rest[0] if rest else "", words=argv), script


def _by_option(by: str, *options: str) -> Callable[[tuple[str, ...], Simple], Inner | None]:
    def peel(argv: tuple[str, ...], simple: Simple) -> Inner | None:
        del simple
        script = _option(argv, *options)
        words = [word for word in argv[1:] if not word.startswith("-") and word != script]
        return (Transport(by=by, to=words[-1] if words else "", words=argv), script) if script else None

    return peel


_VERBS: Final = {"exec", "ssh", "rsh", "enter", "shell", "console", "run-command", "cmd.run", "attach-exec"}
_NEVER: Final = {
    "git", "find", "docker-credential", "python", "node", "npm", "go", "cargo", "mvn", "psql", "vim", "echo",
}  # fmt: skip
_PARALLEL: Final = {"pssh", "pdsh", "clush", "parallel-ssh", "knife", "mosh", "salt", "bolt"}


def _elsewhere(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    """Peel what says `exec` or `ssh` and gives a command behind `--`, in an option for it, or as one word."""
    if simple.program in _NEVER or not (_VERBS & set(argv[1:5]) or simple.program in _PARALLEL):
        return None
    transport = Transport(by=simple.program, to="", words=argv[:1])
    if "--" in argv:
        rest = argv[argv.index("--") + 1 :]
        return (transport, rest) if rest else None
    script = _option(argv, "-c", "-C", "--command") or (argv[-1] if " " in argv[-1] else "")
    rest = _known_within(argv)
    return (transport, script or rest) if script or rest else None


def _known_within(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words from the first behind the verb and a name that is a program by its folder, or a common one."""
    verb = next(i for i, word in enumerate(argv) if i and word in _VERBS) if _VERBS & set(argv[1:5]) else 0
    behind = (i for i in range(verb + 2, len(argv)) if re.search(r"^/\S*bin/", argv[i]) or argv[i] in _COMMON)
    return argv[next(behind, len(argv)) :]


_COMMON: Final = {
    "ps", "pgrep", "pidof", "top", "cat", "ls", "grep", "awk", "head", "tail", "sh", "bash", "env", "kill", "ss",
    "netstat", "lsof", "pmap", "curl", "wget", "psql", "mysql", "redis-cli", "jcmd", "jmap", "jstack", "jps", "py-spy",
    "memray", "python", "python3", "node", "ruby", "dotnet", "gdb", "strace", "journalctl", "systemctl",
}  # fmt: skip


def _fabric(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    """Peel `fab -H HOST -- CMD`; a task by its name carries nothing."""
    del simple
    rest = argv[argv.index("--") + 1 :] if "--" in argv else ()
    script = " ".join(rest)
    return (Transport(by="ssh", to=_option(argv, "-H", "--hosts"), words=argv[:1]), script) if script else None


def _kubectl_within(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    """Peel `k3s kubectl …` and its like."""
    del simple
    words = argv[argv.index("kubectl") :] if "kubectl" in argv[1:] else ()
    return (None, words) if words else None


def _find(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    del simple
    return (None, argv[argv.index("-exec") + 1 :]) if "-exec" in argv else None


def _runner(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    """Peel `poetry run`, `bundle exec` and `npx`."""
    words = argv[1:] if simple.program in ("npx", "bunx", "pipx") else argv[2:]
    verb = argv[1] if len(argv) > 1 else ""
    if simple.program in ("npx", "bunx") or verb in ("run", "exec"):
        _, rest = _parted(words, {"p", "package", "with", "python", "directory"})
        rest = rest[1:] if rest[:1] == ("--",) else rest
        return (None, rest) if rest else None
    return None


def _python(argv: tuple[str, ...], simple: Simple) -> Inner | None:
    """Peel `python -m MODULE`: a module with a command line is a program."""
    del simple
    position = argv.index("-m") if "-m" in argv[:4] else -1
    if (
        position < 0
        or position + 1 >= len(argv)
        or argv[position + 1] in ("unittest", "dis", "inspect", "timeit", "http.server")
    ):
        return None
    return None, argv[position + 1 :]


def quoted(argv: tuple[str, ...]) -> str:
    """Return words as a line that a shell would take apart into them again."""
    return shlex.join(argv)


_CARRIERS: Final[dict[str, Callable[[tuple[str, ...], Simple], Inner | None]]] = {
    **{name: _wrapper(name) for name in _WRAPPERS},
    "timeout": _wrapper("timeout", operands=1),
    "flock": _wrapper("flock", operands=1),
    "chroot": _wrapper("chroot", operands=1),
    "ssh": _ssh,
    "kubectl": _exec_of("kubectl", (("exec",), ("debug",))),
    "oc": _exec_of("kubectl", (("exec",), ("rsh",))),
    "k": _exec_of("kubectl", (("exec",),)),
    "docker": _exec_of("docker", (("exec",), ("container", "exec"))),
    "podman": _exec_of("docker", (("exec",), ("container", "exec"))),
    "nerdctl": _exec_of("docker", (("exec",),)),
    "crictl": _exec_of("docker", (("exec",),)),
    "docker-compose": _exec_of("docker", (("exec",), ("run",))),
    "nomad": _exec_of("nomad", (("alloc", "exec"), ("exec",))),
    "lxc": _exec_of("docker", (("exec",),)),
    "aws": _aws,
    "ansible": _ansible,
    "gcloud": _by_option("ssh", "--command"),
    "fly": _by_option("fly", "-C", "--command"),
    "flyctl": _by_option("fly", "-C", "--command"),
    "vagrant": _by_option("ssh", "-c", "--command"),
    "su": _by_option("su", "-c", "--command"),
    "runuser": _by_option("su", "-c", "--command"),
    "fab": _fabric,
    "find": _find,
    **dict.fromkeys(("k3s", "rancher", "minikube", "microk8s", "k0s", "talosctl", "kubie"), _kubectl_within),
    **{name: _exec_of("kubectl", (("exec",),)) for name in ("kc", "kctl", "kubecolor")},
    **dict.fromkeys(("poetry", "uv", "pipenv", "pdm", "hatch", "rye", "bundle", "npx", "bunx", "pipx"), _runner),
    **{f"python{version}": _python for version in ("", "2", "3", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")},
}  # fmt: skip
