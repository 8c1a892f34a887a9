// What is cut off, off the page, on top of one another inside the first `selector`, and scrollbars with nothing to do.
// For each text, control and picture: where it lies, and what is left of it by all that clips it. Scrolling may bring
// it back, but sideways only inside the root: a page that must be moved sideways does not fit.
([selector, slack]) => {
  const root = document.querySelector(selector), found = [];
  if (!root) return [`nothing: no ${selector} in the page`];
  const CONTROLS = "button, input, select, textarea, summary, img, canvas, video, [role=slider], [role=tab]";
  const called = (e) => {
    const words = (e.getAttribute("aria-label") || e.alt || e.textContent || e.value || "").trim();
    return `${e.tagName.toLowerCase()} ${JSON.stringify(words.slice(0, 40))}`;
  };
  const classes = (e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")}`;
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const area = ({ left, top, right, bottom }) => ({ left, top, right, bottom });
  const inner = (e) => {
    const box = e.getBoundingClientRect(), left = box.left + e.clientLeft, top = box.top + e.clientTop;
    const room = { left, top, right: left + e.clientWidth, bottom: top + e.clientHeight }, look = getComputedStyle(e);
    if (look.textOverflow === "ellipsis") room.right -= parseFloat(look.paddingRight); // the dots begin before it
    return room;
  };
  const meet = (a, b) => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const empty = (box) => box.right - box.left < 1 || box.bottom - box.top < 1;

  const things = [];
  const add = (element, node, box) => {
    if (box.width > 0.5 && box.height > 0.5) things.push({ element, node, box: area(box) });
  };
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = /** @type {any} */ (walker.nextNode()); node; node = walker.nextNode()) {
    const isText = node.nodeType === Node.TEXT_NODE, element = isText ? node.parentElement : node;
    const within = element.closest("style, script, noscript, select");
    if (!seen(element) || (within && within !== node)) continue;
    if (isText && node.data.trim()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) add(element, node, box);
    } else if (!isText && node.matches(CONTROLS)) add(element, node, node.getBoundingClientRect());
  }

  const scrollable = (how) => ["auto", "scroll"].includes(how);
  for (const thing of things) {
    let box = thing.box, inside = true, cut = "";
    thing.visible = thing.box;
    for (let e = thing.element; e && e !== document.body; e = e.parentElement) {
      const look = getComputedStyle(e);
      if (inside) thing.layered ||= ["absolute", "fixed"].includes(look.position);
      const clips = { across: look.overflowX !== "visible", down: look.overflowY !== "visible" };
      if (e !== thing.node && (clips.across || clips.down) && look.display !== "inline") {
        const room = inner(e);
        const back = { across: inside && scrollable(look.overflowX), down: scrollable(look.overflowY) };
        /** @type {[string, string, number, boolean][]} */
        const sides = [
          ["left", "across", room.left - box.left, e.scrollLeft > 0],
          ["right", "across", box.right - room.right, true],
          ["top", "down", room.top - box.top, e.scrollTop > 0],
          ["bottom", "down", box.bottom - room.bottom, true],
        ];
        for (const [side, way, over, further] of sides)
          if (clips[way] && over > slack && !(back[way] && further))
            cut ||= `by ${Math.round(over)} px ${side}, by ${classes(e)}`;
        thing.visible = meet(thing.visible, room);
        box = meet(box, room);
        if (empty(box)) box = area(e.getBoundingClientRect()); // scrolled to, it lies in here
      }
      if (e === root) inside = false;
    }
    if (cut) found.push(`cut: ${called(thing.element)} ${cut}`);
    else if (thing.box.right > document.documentElement.clientWidth + slack)
      found.push(`off the page: ${called(thing.element)}`);
    const field = thing.node;
    if (field.matches?.("input[type=text], input[type=number], textarea") && field.scrollWidth > field.clientWidth + slack)
      found.push(`cut: what stands in ${called(field)}: ${field.value}`);
  }

  const flat = things.filter((thing) => !thing.layered && !empty(thing.visible));
  const related = (a, b) => a.contains(b) || b.contains(a);
  flat.forEach((a, i) => {
    for (const b of flat.slice(i + 1)) {
      const both = meet(a.visible, b.visible);
      if (both.right - both.left > 2 && both.bottom - both.top > 3 && !related(a.element, b.element))
        found.push(`overlap: ${called(a.element)} and ${called(b.element)}`);
    }
  });

  for (const e of [root, ...root.querySelectorAll("*")]) {
    const look = getComputedStyle(e), border = (side) => parseFloat(look[`border${side}Width`]);
    const clips = look.overflowX !== "visible" || look.overflowY !== "visible";
    if (!clips || look.display === "inline" || !seen(e) || e.matches("select, textarea, input")) continue;
    /** @type {[number, number, string][]} */
    const bars = [
      [e.offsetHeight - e.clientHeight - border("Top") - border("Bottom"), e.scrollWidth - e.clientWidth, "sideways"],
      [e.offsetWidth - e.clientWidth - border("Left") - border("Right"), e.scrollHeight - e.clientHeight, "up and down"],
    ];
    for (const [bar, way, direction] of bars)
      if (bar > 4 && way < 10) found.push(`dead scrollbar ${direction}: ${classes(e)}, ${way} px to scroll`);
  }
  return [...new Set(found)];
}
