// One row: the name, a slider over stops of a value, the value with its unit and what it was before.

const four = (value) => String(Number(value.toPrecision(4))).replace("-", "−"); // digits that count

function render({ model, el }) {
  const make = (tag, what) => Object.assign(document.createElement(tag), what), id = `twmr-${Math.random().toString(36).slice(2)}`;
  const name = make("label", { htmlFor: id, textContent: model.get("label") });
  const range = make("input", { type: "range", id, min: 0, step: 1 });
  const value = make("output", { htmlFor: id }), now = make("b", {}), was = make("span", { className: "was" });
  const tip = make("div", { className: "tip", id: `${id}-tip`, textContent: model.get("tip") });
  value.setAttribute("aria-live", "off"); // the slider itself says it
  value.append(now, was);
  el.classList.add("twmr-slider");
  el.append(name, range, value, tip);
  range.style.setProperty("--handle", model.get("color") || "var(--jp-brand-color1, #1976d2)");
  if (tip.textContent) range.setAttribute("aria-describedby", tip.id);

  const write = (value) => {
    const unit = model.get("unit"), before = model.get("before"), changed = before !== null && before !== value;
    now.textContent = four(value);
    now.classList.toggle("changed", changed);
    if (unit && unit.length < 4) now.append(` ${unit}`);
    was.textContent = changed ? ` was ${four(before)}` : "";
    range.setAttribute("aria-valuetext", `${four(value)}${unit ? ` ${unit}` : ""}${changed ? `, was ${four(before)}` : ""}`);
  };
  const show = () => {
    const stops = model.get("positions"), value = model.get("value");
    range.max = stops.length - 1;
    const at = stops.indexOf(value);
    if (at >= 0) range.value = at;
    write(value);
  };
  range.oninput = () => {
    const value = model.get("positions")[range.value];
    model.set("value", value);
    write(value);
    model.save_changes();
  };
  // A finger on the name opens the explanation and closes it; Escape closes it.
  name.onclick = () => el.classList.toggle("explained");
  el.addEventListener("keydown", (event) => event.key === "Escape" && el.classList.remove("explained"));
  range.onblur = () => el.classList.remove("explained");
  const shown = ["positions", "value", "before"].map((what) => `change:${what}`);
  for (const what of shown) model.on(what, show);
  show();
  return () => shown.forEach((what) => model.off(what, show));
}

export default { render };
