"""The way in for the reseller's staff. A refused form keeps the name that was typed."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, session
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.views import AuthDBView
from flask_appbuilder.utils.base import get_safe_redirect
from flask_babel import get_locale
from flask_login import current_user, login_user, logout_user


class SignInView(AuthDBView):
    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Any:
        target = get_safe_redirect(request.args.get("next") or self.appbuilder.get_url_for_index)
        if current_user.is_authenticated:
            return redirect(target)
        form, refused = LoginForm_db(), False
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data.strip(), form.password.data)
            if user:
                session.clear()  # a session that was there before belongs to nobody who signs in
                session["locale"] = str(get_locale())
                login_user(user, remember=False)
                return redirect(target)
            refused = True
        return self.render_template(self.login_template, form=form, refused=refused)

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """By a button, never by an address: a picture in a mail must not sign anybody out."""
        language = str(get_locale())
        logout_user()
        session.clear()
        session["locale"] = language
        return redirect(self.appbuilder.get_url_for_index)
