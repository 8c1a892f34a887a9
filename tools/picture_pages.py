"""A picture of every lesson's page in site/, for the README: what follows a chosen heading.

`python tools/picture_pages.py [--site site] [--out docs/lessons]`, after `make site`; needs a Chromium, like the tests.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import find_chromium, launch  # noqa: E402 (the tests' own way to find and start a browser)

WIDTH, HEIGHT = 980, 760  # px
SHOWN = {  # the heading that a picture begins with
    "00_start_here": "The task",
    "01_the_robot": "How high? Rules from geometry",
    "02_senses_and_gates": "What could a policy be told?",
    "03_reward_terms": "Three robots",
    "04_train": "4 · A little more likely, not a lot",
    "05_watch_policies": "How high?",
    "06_reward_shaping_lab": "The extension target and its weight",
    "07_many_runs": "3 · The figure that answers",
}


def picture(page: Page, path: Path) -> bytes:
    """One page, opened and scrolled to the heading chosen for it, as a PNG file."""
    page.goto(path.absolute().as_uri())
    page.wait_for_timeout(1500)  # videos and 3D views draw their first picture
    page.get_by_role("heading", name=SHOWN[path.stem]).evaluate("heading => heading.scrollIntoView()")
    page.wait_for_timeout(500)
    return page.screenshot()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "lessons")
    given = parser.parse_args()
    pages = [path for name in SHOWN if (path := given.site / f"{name}.html").exists()]
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
