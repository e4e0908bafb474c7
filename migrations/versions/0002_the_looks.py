"""The reseller's looks: name, colour and logo.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("site_settings", sa.Column("brand", sa.String(length=7), nullable=False, server_default="#0b6b50"))
    op.add_column("site_settings", sa.Column("logo", sa.LargeBinary(), nullable=True))
    op.add_column("site_settings", sa.Column("looks", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("site_settings", sa.Column("has_logo", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    for name in ("has_logo", "looks", "logo", "brand"):
        op.drop_column("site_settings", name)
