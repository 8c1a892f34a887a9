"""A picture of every page in site/, for the README: its richest figure with the words around it.

`python tools/picture_pages.py [--site site] [--out docs/lessons]`, after `make site`; needs a Chromium, like the tests.
"""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import find_chromium, launch  # noqa: E402 (the tests' own way to find and start a browser)

WIDTH, HEIGHT = 980, 620  # px
COLORS = 128  # of a palette: a quarter of the bytes, and nothing lost that is seen
# Where to scroll: the largest picture or 3D view in the middle.
TO_RICHEST = """() => {
  const shown = [...document.querySelectorAll("main img, main video, main canvas, main svg")];
  const area = each => each.clientWidth * Math.min(each.clientHeight, 520);
  shown.sort((a, b) => area(b) - area(a))[0]?.scrollIntoView({ block: "center" });
}"""


def picture(page: Page, path: Path) -> bytes:
    """One page, opened and scrolled to what it shows best, as a PNG file with few colours."""
    page.goto(path.absolute().as_uri())
    page.wait_for_timeout(1500)  # videos and 3D views draw their first picture
    page.evaluate(TO_RICHEST)
    page.wait_for_timeout(500)
    image, file = Image.open(io.BytesIO(page.screenshot())), io.BytesIO()
    image.convert("RGB").quantize(COLORS).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "lessons")
    given = parser.parse_args()
    pages = sorted(given.site.glob("[0-9]*.html"))
    if not pages:
        print(f"no pages in {given.site}: run `make site` first", file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = find_chromium(playwright)
        if chromium is None:
            print("no Chromium: install one with `apt-get install chromium`", file=sys.stderr)
            return 1
        browser = launch(playwright, chromium, webgl=True)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for path in pages:
            (given.out / f"{path.stem}.png").write_bytes(picture(page, path))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
