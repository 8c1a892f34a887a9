"""What a person cannot see or reach in a page: boxes cut off, lying on one another, scrollbars without a purpose."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOK = Path(__file__).with_suffix(".js").read_text()


# Resolves once no box has moved for a tenth of a second and two drawings of the page.
STILL = """selector => new Promise((resolve) => {
  let before = "", since = 0;
  const look = (now) => {
    const boxes = [...document.querySelectorAll(`${selector}, ${selector} *`)].map((e) => e.getBoundingClientRect());
    const text = boxes.map((b) => [b.x, b.y, b.width, b.height].map(Math.round)).join(" ");
    if (text !== before) [before, since] = [text, now];
    if (text && now - since > 100) resolve();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""

MOVING = """selector => [...document.querySelectorAll(`${selector}, ${selector} *`)].filter((element) => {
  const { transitionDuration, animationName } = getComputedStyle(element);
  return transitionDuration !== "0s" || animationName !== "none";
}).length"""


def until_still(page: Page, selector: str) -> None:
    """Wait until everything inside such elements has come to rest."""
    page.evaluate(STILL, selector)


def troubles(page: Page, selector: str, slack: float = 1.5) -> list[str]:
    """All that is cut, off the page or lying on something else inside the first such element; and dead scrollbars."""
    return page.evaluate(LOOK, [selector, slack])


def barriers(page: Page, selector: str) -> list[str]:
    """What the accessibility checker finds serious or critical inside the first such element."""
    found = Axe().run(page, context=selector).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def moving(page: Page, selector: str) -> int:
    """How many elements in such elements are made to move by the page's style."""
    return page.evaluate(MOVING, selector)
