"""Tables and invariants, one file per noun. Importing the package makes every table known to the migrations."""

from flask_appbuilder.security.sqla import models as _fab_users  # noqa: F401  members point at them

from app.models import (  # noqa: F401
    access_keys,
    approvals,
    audit,
    batches,
    blacklist,
    customers,
    inbox,
    messages,
    orders,
    packages,
    settings,
    statistics,
)
