"""Notes which lines of one file are executed, in every Python process that has this folder on its path.

``REACHED`` names the file that is looked at and the one that its lines are noted in, one number a line, as they come first
in each process: what a process has reached is known however it comes to its end.
"""

import os
import sys
import threading


def _watch(path, notes):
    into = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
    seen = set()

    def local(frame, event, _):
        if frame.f_lineno not in seen:
            seen.add(frame.f_lineno)
            os.write(into, b"%d\n" % frame.f_lineno)
        return local

    def called(frame, event, _):
        return local if frame.f_code.co_filename == path else None

    threading.settrace(called)
    sys.settrace(called)


_path, _, _notes = os.environ.get("REACHED", "").partition(os.pathsep)
if _notes:
    _watch(_path, _notes)
