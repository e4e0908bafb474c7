"""The law of imports holds in the house, and the reader that says so can say no."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.law import breaches, imported, read_the_house

ROOT = Path(__file__).resolve().parents[2]


def test_the_house_keeps_the_law() -> None:
    found = [str(breach) for breach in read_the_house(ROOT)]
    assert not found, "\n" + "\n".join(found)


def laws(path: str, source: str) -> list[str]:
    return [breach.law for breach in breaches(path, source)]


BROKEN = [
    ("app/domain/phones.py", "import flask", "domain knows no Flask"),
    ("app/domain/phones.py", "from flask_babel import gettext", "domain knows no Flask"),
    ("app/domain/phones.py", "from sqlalchemy.orm import Session", "domain knows no database"),
    ("app/domain/phones.py", "def f():\n    import requests", "only gateways talk to the outside"),
    ("app/domain/phones.py", "from app.models.batches import Batch", "domain may import only itself"),
    ("app/domain/phones.py", "from ..services import work", "domain may import only itself"),
    ("app/domain/phones.py", "import config", "domain may import only itself"),
    ("app/models/batches.py", "from app.services import ledger", "models may import only domain, extensions"),
    ("app/models/batches.py", "from app.gateways.sms import SmsError", "models may import only domain, extensions"),
    ("app/models/batches.py", "from app import services", "models may import only domain, extensions"),
    ("app/gateways/aliyun/sender.py", "from app.models import Batch", "gateways may import only domain"),
    ("app/gateways/aliyun/sender.py", "from ...models import Batch", "gateways may import only domain"),
    ("app/gateways/callbacks.py", "from app.extensions import db", "gateways may import only domain"),
    ("app/gateways/callbacks.py", "import sqlalchemy as sa", "gateways know no database"),
    ("app/gateways/callbacks.py", "from flask import current_app", "gateways know no Flask"),
    ("app/services/orders.py", "from app.jobs import bell", "services may import only"),
    ("app/services/orders.py", "import importlib as i\ni.import_module('app.jobs.bell')", "services may import only"),
    ("app/services/orders.py", "from app.views.orders import OrderView", "services may import only"),
    ("app/services/orders.py", "from app import create_app", "services may import only"),
    ("app/services/sending/dispatch.py", "import requests", "only gateways talk to the outside"),
    ("app/services/sending/dispatch.py", "from alibabacloud_tea_openapi import models", "only gateways talk"),
    ("app/views/orders.py", "from app.portal.base import PortalView", "doors never import each other"),
    ("app/api/messages.py", "from app.jobs.bell import ring", "doors never import each other"),
    ("app/jobs/tasks.py", "from app.gateways.aliyun import AliyunSms", "jobs may import only"),
    ("app/jobs/tasks.py", "import standins.server", "the stand-ins are a program of their own"),
    ("standins/server.py", "from app.domain import phones", "standins never import the house"),
    ("standins/server.py", "import config", "standins never import the house"),
    ("app/misc/things.py", "from app.domain import phones", "app/misc has no place in the house"),
    ("app/services/orders.py", "db.session.commit()", "only app/services/work.py commits"),
    ("app/__init__.py", "def f(session):\n    session.commit()", "only app/services/work.py commits"),
    ("run.py", "with engine.begin() as connection: ...", "only app/services/work.py commits"),
    ("app/views/orders.py", "db.session.add(order)", "views never write a model (calls session.add())"),
    ("app/views/orders.py", "self.datamodel.session.delete(order)", "views never write a model"),
    ("app/views/orders.py", "db.session().flush()", "views never write a model"),
    ("app/views/orders.py", "from sqlalchemy import select, update", "views never write a model (imports update)"),
    (
        "app/portal/orders.py",
        "from app.models.orders import Order\nOrder(price=3)",
        "portal never write a model (makes a Order)",
    ),
]


@pytest.mark.parametrize(("path", "source", "law"), BROKEN)
def test_a_breach_is_found(path: str, source: str, law: str) -> None:
    found = laws(path, source)
    assert len(found) == 1, found
    assert found[0].startswith(law)


KEPT = [
    ("app/domain/phones.py", "import re\nfrom app.domain.errors import Refused\nfrom . import errors"),
    ("app/models/batches.py", "from app.extensions import db\nfrom app.domain import segments\nimport sqlalchemy"),
    ("app/gateways/aliyun/sender.py", "import mns\nimport requests\nfrom alibabacloud_tea_openapi import models"),
    ("app/services/orders.py", "from app.models.orders import Order\nOrder(price=3)\ndb.session.add(order)"),
    ("app/services/orders.py", "from app.gateways.payment import PaymentProvider\nfrom flask import current_app"),
    ("app/services/work.py", "session.commit()\nsession.begin()"),
    ("app/services/orders.py", "session.begin_nested()"),
    ("app/views/orders.py", "from app.models.orders import Order\nSQLAInterface(Order)\nimport app.services"),
    ("app/views/orders.py", "from app.models.orders import OrderState\nOrderState('paid')\nchosen.add(3)"),
    ("app/jobs/clock.py", "from app.services.sending import dispatch\nfrom app.jobs.bell import ring"),
    ("app/__init__.py", "from app.views import orders\nfrom app.portal import home\nimport config"),
    ("run.py", "from app import create_app\nfrom standins.server import serve\nfrom app.jobs import clock"),
    ("standins/server.py", "import aiohttp\nfrom standins.dysmsapi import answer\nfrom . import mns"),
]


@pytest.mark.parametrize(("path", "source"), KEPT)
def test_what_the_law_allows_is_let_be(path: str, source: str) -> None:
    assert laws(path, source) == []


def test_a_breach_names_file_line_and_law() -> None:
    (breach,) = breaches("app/models/orders.py", "import enum\n\nfrom app.services import ledger\n")
    assert str(breach) == "app/models/orders.py:3: models may import only domain, extensions (imports app.services)"


def test_relative_imports_are_made_absolute() -> None:
    import ast

    tree = ast.parse("from . import a\nfrom .b import c\nfrom ..models.d import e")
    found = [module for _line, module in imported("app/services/work.py", tree)]
    assert found == ["app.services", "app.services.b", "app.models.d"]
