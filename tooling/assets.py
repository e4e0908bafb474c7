"""Copy the few front-end files that pages use from node_modules to app/static/vendor, which is never committed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules"
TARGET = ROOT / "app" / "static" / "vendor"

FILES = {
    "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "tom-select/tom-select.base.min.js": "tom-select/dist/js/tom-select.base.min.js",
    "icons/tabler-icons.min.css": "@tabler/icons-webfont/dist/tabler-icons.min.css",
    "icons/fonts/tabler-icons.woff2": "@tabler/icons-webfont/dist/fonts/tabler-icons.woff2",
    "icons/fonts/tabler-icons.woff": "@tabler/icons-webfont/dist/fonts/tabler-icons.woff",
    "icons/fonts/tabler-icons.ttf": "@tabler/icons-webfont/dist/fonts/tabler-icons.ttf",
}

SOURCE_MAP = re.compile(rb"(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*\Z")


def copy_files() -> int:
    """Fill app/static/vendor anew and return the number of files. Raises `FileNotFoundError` for a missing library."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for target, source in FILES.items():
        content = (SOURCE / source).read_bytes()
        if target.endswith((".css", ".js")):
            # The maps are not shipped; a reference to one would be a missing file in the browser's console.
            content = SOURCE_MAP.sub(b"", content)
        path = TARGET / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(FILES)


if __name__ == "__main__":
    print(f"{copy_files()} front-end files in {TARGET.relative_to(ROOT)}")
