"""Who people are to the house: the reseller's staff by what they do, and a customer's people.

Held here and brought into the database at each migration; nobody edits them on a page, so that what a role may do is
read in one place and tested.
"""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    ADMINISTRATOR = "Administrator"
    OPERATOR = "Operator"  # customers, signatures, templates, sending
    FINANCE = "Finance"  # grants, orders, money
    AUDITOR = "Auditor"  # sees what staff see and does nothing
    OWNER = "Owner"  # a customer's first member
    MEMBER = "Member"


STAFF = frozenset({Role.ADMINISTRATOR, Role.OPERATOR, Role.FINANCE, Role.AUDITOR})
CUSTOMERS = frozenset({Role.OWNER, Role.MEMBER})

# A right of its own: whole phone numbers (V9). The name is a permission on the menu "Phones".
SEE_PHONES = ("can_see_phones", "Phones")
SEES_PHONES = frozenset({Role.ADMINISTRATOR, Role.OPERATOR})
