"""The reseller's name, colour and logo; and the two small files that every page takes them from."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, make_response, redirect, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.models.settings import SiteSettings
from app.rooms.base import guarded
from app.rooms.columns import Column
from app.rooms.fields import Text, Upload, Yes
from app.rooms.forms import Form
from app.services import site
from app.services.pictures import MOST_BYTES
from app.views.base import StaffRoom


class LooksForm(Form):
    company = Text(_l("Name"), most=100, required=True, hint=_l("Customers read it on every page."))
    brand = Text(_l("Colour"), most=7, required=True, hint=_l("Buttons and links. Dark enough for white words on it."))
    logo = Upload(_l("Logo"), most=MOST_BYTES, accept="image/png,image/jpeg",
                  hint=_l("PNG or JPEG, at most 2 MB; shown 50 pixels high. Leave it empty to keep the one there is."))
    without_logo = Yes(_l("Take the logo away"))


class SettingsRoom(StaffRoom):
    datamodel = SQLAInterface(SiteSettings)
    route_base = "/settings"
    title = _l("Name and looks")
    sentence = _l("What customers see of you.")
    columns = (Column("company", _l("Name")),)
    facts = (
        (_l("Looks"), (
            Column("company", _l("Name")),
            Column("brand", _l("Colour"), css="code"),
            Column("logo", _l("Logo"), lambda row: picture() or gettext("none")),
        )),
    )
    edit_form = LooksForm
    edit_service = site.change_looks

    @expose("/list/")
    @guarded("list")
    def list(self) -> Response:
        return make_response(redirect(self.url("show", pk=1)))

    def heading(self, row: SiteSettings) -> str:
        return row.company or gettext("Name and looks")


def picture() -> Markup | str:
    here = site.looks()
    address = url_for("LooksView.logo", version=here.version)
    return Markup('<img src="{}" alt="" height="50">').format(address) if here.has_logo else ""


class LooksView(BaseView):
    """Open to everybody: the sign-in page wears them too. The version in the address lets browsers keep them."""

    route_base = "/looks"

    @expose("/<int:version>/brand.css")
    def brand(self, version: int) -> Response:
        answer = make_response(f":root {{ --ph-brand: {site.looks().brand}; }}\n")
        answer.mimetype = "text/css"
        return _kept(answer)

    @expose("/<int:version>/logo.png")
    def logo(self, version: int) -> Response:
        content = site.logo()
        if content is None:
            abort(404)
        answer = make_response(content)
        answer.mimetype = "image/png"
        return _kept(answer)


def _kept(answer: Response) -> Response:
    answer.cache_control.public = True
    answer.cache_control.max_age = int(timedelta(days=30).total_seconds())
    return answer
