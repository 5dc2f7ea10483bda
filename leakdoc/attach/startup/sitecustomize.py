"""Starts the agent in a program run by `leakdoc run --agent`, then lets the user's own `sitecustomize` have its turn.

This directory stands first on PYTHONPATH. Whatever goes wrong here is not the program's business: it starts as ever.
"""

import os
import sys

# As importlib has them; what that imports a program may have modules of its own in place of.
_modules, _files = sys.modules["_frozen_importlib"], sys.modules["_frozen_importlib_external"]


def _start_agent():  # type: ignore[no-untyped-def]  # any Python may be started below this directory
    if sys.version_info < (3, 11):  # noqa: UP036
        return
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    path = os.path.join(os.path.dirname(os.path.dirname(here)), "agent.py")  # noqa: PTH118, PTH120
    spec = _files.spec_from_file_location("_leakdoc_agent", path)
    if spec is None or spec.loader is None:
        return
    agent = _modules.module_from_spec(spec)
    sys.modules["_leakdoc_agent"] = agent
    spec.loader.exec_module(agent)
    agent.start()


def _chain():  # type: ignore[no-untyped-def]
    """Import the `sitecustomize` that would have been found without this directory."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]  # noqa: PTH100
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


try:
    _start_agent()  # type: ignore[no-untyped-call]
except Exception as error:
    sys.stderr.write("leakdoc: no agent in process %d: %s\n" % (os.getpid(), error))  # noqa: UP031
_chain()  # type: ignore[no-untyped-call]
