"""What a person cannot see or reach in a page: boxes cut off, lying on one another, scrollbars without a purpose."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# For each text, control and picture inside the root: where it lies, and how much of it is left by what clips it.
# Scrolling may bring it back, but sideways only inside the root: a page that must be moved sideways does not fit.
LOOK = """([selector, slack]) => {
  const root = document.querySelector(selector), found = [];
  if (!root) return [`nothing: no ${selector} in the page`];
  const CONTROLS = "button, input, select, textarea, summary, img, canvas, video, progress, [role=slider], [role=tab]";
  const called = e => {
    const words = (e.getAttribute?.("aria-label") || e.alt || e.textContent || e.value || "").trim();
    return `${e.tagName.toLowerCase()} ${JSON.stringify(words.slice(0, 40))}`;
  };
  const seen = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const inner = e => {
    const box = e.getBoundingClientRect(), left = box.left + e.clientLeft, top = box.top + e.clientTop;
    return { left, top, right: left + e.clientWidth, bottom: top + e.clientHeight };
  };
  const meet = (a, b) => ({
    left: Math.max(a.left, b.left), top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom),
  });
  const empty = box => box.right - box.left < 1 || box.bottom - box.top < 1;
  const area = box => ({ left: box.left, top: box.top, right: box.right, bottom: box.bottom });

  const things = [];
  const add = (element, node, box) => box.width > 0.5 && box.height > 0.5 && things.push({ element, node, box: area(box) });
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest("style, script, select, noscript") && element.tagName !== "SELECT") continue;
    if (!seen(element)) continue;
    if (node.nodeType === Node.TEXT_NODE) {
      if (!node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) add(element, node, box);
    } else if (node.matches(CONTROLS)) add(element, node, node.getBoundingClientRect());
  }

  for (const thing of things) {
    let box = thing.box, visible = thing.box, layered = false, inside = true, cut = false;
    for (let e = thing.element; e && e !== document.documentElement; e = e.parentElement) {
      const look = getComputedStyle(e);
      if (inside) layered ||= ["absolute", "fixed"].includes(look.position);
      const clips = [look.overflowX !== "visible", look.overflowY !== "visible"];
      if (e !== thing.node && (clips[0] || clips[1]) && look.display !== "inline") {
        const room = inner(e);
        const over = {
          left: room.left - box.left, right: box.right - room.right, top: room.top - box.top, bottom: box.bottom - room.bottom,
        };
        const scrolls = [inside && ["auto", "scroll"].includes(look.overflowX), ["auto", "scroll"].includes(look.overflowY)];
        for (const side of ["left", "right", "top", "bottom"]) {
          const across = side === "left" || side === "right";
          const back = across ? scrolls[0] : scrolls[1]; // scrolling brings it back, unless it lies before the beginning
          const before = (side === "left" && e.scrollLeft === 0) || (side === "top" && e.scrollTop === 0);
          if (clips[across ? 0 : 1] && over[side] > slack && (!back || before) && !cut) {
            cut = true;
            found.push(`cut: ${called(thing.element)} by ${Math.round(over[side])} px ${side}, by .${[...e.classList].join(".")}`);
          }
        }
        visible = meet(visible, room);
        box = meet(box, room);
        if (empty(box)) box = area(e.getBoundingClientRect()); // it lies outside now; scrolled to, it lies in here
      }
      if (e === root) inside = false;
    }
    if (thing.box.right > document.documentElement.clientWidth + slack && !cut) found.push(`off the page: ${called(thing.element)}`);
    thing.visible = visible;
    thing.layered = layered;
    if (thing.element.matches("input[type=text], input[type=number], textarea") && thing.element.scrollWidth > thing.element.clientWidth + slack)
      found.push(`cut: what stands in ${called(thing.element)}: ${thing.element.value}`);
  }

  const flat = things.filter(thing => !thing.layered && !empty(thing.visible));
  flat.forEach((a, i) => flat.slice(i + 1).forEach(b => {
    if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element)) return;
    const both = meet(a.visible, b.visible);
    if (both.right - both.left > 2 && both.bottom - both.top > 3)
      found.push(`overlap: ${called(a.element)} and ${called(b.element)}`);
  }));

  for (const e of [root, ...root.querySelectorAll("*")]) {
    if (!seen(e) || e.matches("select, textarea, input")) continue;
    const look = getComputedStyle(e), size = name => parseFloat(look[name]);
    const bars = [
      [e.offsetHeight - e.clientHeight - size("borderTopWidth") - size("borderBottomWidth"), e.scrollWidth - e.clientWidth, "sideways"],
      [e.offsetWidth - e.clientWidth - size("borderLeftWidth") - size("borderRightWidth"), e.scrollHeight - e.clientHeight, "up and down"],
    ];
    for (const [bar, way, direction] of bars)
      if (bar > 4 && way < 10 && look.display !== "inline" && (look.overflowX !== "visible" || look.overflowY !== "visible"))
        found.push(`dead scrollbar ${direction}: ${e.tagName.toLowerCase()}.${[...e.classList].join(".")}, ${way} px to scroll`);
  }
  return [...new Set(found)];
}"""


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
