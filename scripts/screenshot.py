"""Take a picture of a report in headless Chromium.

    python scripts/screenshot.py results/report.html docs/report.png

Needs `pip install playwright pillow` and a Chromium or Chrome: on the path, or the one that CHROMIUM names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def main() -> int:
    """Load the page, scroll to a part of it if asked, and write the PNG."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, help="the HTML file")
    parser.add_argument("picture", type=Path, help="the PNG")
    parser.add_argument("--width", type=int, default=1280, help="of the window (1280)")
    parser.add_argument("--height", type=int, default=2000, help="of the window (2000)")
    parser.add_argument(
        "--at", default="", metavar="ID", help="a part of the page, or a configuration to open"
    )
    parser.add_argument("--dark", action="store_true", help="as a reader sees it who prefers dark")
    options = parser.parse_args()
    browser_path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if browser_path is None:
        print("no Chromium found: install one, or name it in CHROMIUM", file=sys.stderr)
        return 2
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        window = browser.new_page(
            viewport={"width": options.width, "height": options.height},
            color_scheme="dark" if options.dark else "light",
        )
        window.goto(options.page.resolve().as_uri() + (f"#{options.at}" if options.at else ""))
        window.screenshot(path=options.picture)
        browser.close()
    # Text on flat colours needs no more than a palette, a third of the size.
    Image.open(options.picture).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        options.picture, optimize=True
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
