"""``python -m flake8_ipc.runtime [options] (SCRIPT | -m MODULE) [ARGS]``: runs a program and judges what it did."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack

from ..reporting.unusable import Unusable
from . import standstill, trace
from .arguments import parse
from .judge import judged, unwritten
from .launcher import bare, launch, leave, session, wait
from .monitor.watchman import Blocked
from .report import Report


def main(argv: Sequence[str] | None = None) -> int:
    """The program's exit status; 1 where that is 0 and there are findings, 2 where the call itself makes no sense."""
    try:
        options = parse(argv)
        report = Report(options.output, options.format)
        with ExitStack() as stack:
            try:
                mine = stack.enter_context(session(options.program, options.start_method, traced=options.trace is not None))
            except OSError as error:
                # The program is what counts.
                sys.stderr.write(f"flake8-ipc: nothing can be written down, so nothing is watched: {error}\n")
                return leave(bare(options.command))

            def stuck(blocked: tuple[Blocked, ...]) -> bool:
                """Tells at once who is stuck; whether the program is to be ended."""
                if options.output != "-" or options.format == "default":
                    # Else what goes to standard error is for a machine to read.
                    sys.stderr.write(standstill.told(mine, blocked))
                    sys.stderr.flush()
                if options.on_deadlock == "report":
                    report.write(judged(mine, blocked, options.wanted))
                return bool(options.on_deadlock == "end")

            ending = wait(launch(mine, options.command), mine, stuck)
            found = judged(mine, ending.stuck, options.wanted)
            sys.stderr.write(unwritten(mine))
            if options.trace is not None:
                trace.write(mine, options.trace, ending.stuck)
        report.write(found)
    except (Unusable, OSError) as error:
        sys.stderr.write(f"flake8-ipc: {error}\n")
        return 2
    return leave(ending.status or (1 if found and not options.exit_zero else 0))


if __name__ == "__main__":
    sys.exit(main())
