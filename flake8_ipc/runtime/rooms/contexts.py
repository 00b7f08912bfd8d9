"""The default context of the account, which is nobody's to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Kind, Place, Shared
from ..watch.contexts import NAME
from . import opens

if TYPE_CHECKING:
    from ..account import Account


@opens
def _default(account: Account) -> None:
    place = Place(account.session.main, 1, 0)
    account.register(NAME, Shared(Kind.CONTEXT, place, "the default context"), 0)
