"""Run a module under a name by which the kernel knows it: ``named.py NAME MODULE ARGUMENTS…``."""

from __future__ import annotations

import ctypes
import runpy
import sys

ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
module = sys.argv[2]
sys.argv = [module, *sys.argv[3:]]
runpy.run_module(module, run_name="__main__", alter_sys=True)
