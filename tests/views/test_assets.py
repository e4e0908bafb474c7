"""Static files: one address for one content, kept for ever; and answers made smaller."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

PACKED = {"Accept-Encoding": "gzip"}


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def test_every_file_of_a_page_is_there_once_and_kept(admin: FlaskClient) -> None:
    found = addresses(admin.get("/customers/list/").text)
    assert len(found) >= 6 and len({address.split("?")[0] for address in found}) == len(set(found))
    for address in found:
        answer = admin.get(address, headers=PACKED)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"] and "max-age=31536000" in answer.headers["Cache-Control"]
        if len(answer.data) > 1000:
            assert answer.headers["Content-Encoding"] == "gzip" and answer.headers["Vary"] == "Accept-Encoding"
        again = admin.get(address, headers=PACKED | {"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_an_address_without_its_mark_is_looked_up_each_time(nobody: FlaskClient) -> None:
    for address in ("/static/house.css", "/static/house.css?v=0123456789abcdef"):
        answer = nobody.get(address)
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache"
    assert gzip.decompress(nobody.get("/static/house.css", headers=PACKED).data) == nobody.get("/static/house.css").data


def test_another_content_is_another_address(web: Flask, tmp_path: Path) -> None:
    web.static_folder = str(tmp_path)
    (tmp_path / "a.css").write_text("one")
    with web.test_request_context():
        first = web.url_for("static", filename="a.css")
        (tmp_path / "a.css").write_text("another")
        assert first != web.url_for("static", filename="a.css")
        assert web.url_for("static", filename="gone.css") == "/static/gone.css"


@pytest.mark.parametrize("name", ["../__init__.py", "..%2f__init__.py", "/etc/passwd", "vendor", "", "%00", "gone.css",
                                  "vendor/../../security.py"])
def test_nothing_else_is_served(nobody: FlaskClient, name: str) -> None:
    assert nobody.get(f"/static/{name}", follow_redirects=True).status_code == 404


def test_pages_are_packed_for_those_who_can_open_them(nobody: FlaskClient) -> None:
    plain, packed = nobody.get("/login/"), nobody.get("/login/", headers=PACKED)
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).lstrip().startswith(b"<!doctype html>")
    assert len(packed.data) < len(plain.data) / 2
    lengths = {len(nobody.get("/login/", headers=PACKED).data) for _ in range(12)}
    assert len(lengths) > 3  # how well it was compressed is hidden
