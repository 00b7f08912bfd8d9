"""What changes a plain object in place, by the names of methods."""

from __future__ import annotations

# Methods that change a list, dict, set or deque.
CHANGERS = frozenset(
    """append extend insert remove pop clear sort reverse update setdefault popitem add discard appendleft popleft
    difference_update intersection_update symmetric_difference_update __setitem__ __delitem__""".split()
)
# Those whose result is the point of calling them on a copy of one's own.
TAKES = frozenset({"pop", "popitem", "popleft", "setdefault"})
