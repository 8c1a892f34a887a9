// One setting as a row. `text` is what it says: the slider, the box, the choice and the way back all write it.

import { follow, make } from "./element.js";

function render({ model, el }) {
  const id = `twmr-row-${Math.random().toString(36).slice(2)}`; // every row is a module of its own: none can count
  const is = (kind) => model.get("kind") === kind;
  const label = model.get("label"), unit = model.get("unit"), options = model.get("options");
  let typing = false; // what is being typed is not written over by what the kernel answers to something earlier
  const say = (text) => {
    typing = false;
    model.set("text", text);
    model.save_changes();
    show();
  };
  const withUnit = (text) => (unit && text !== "auto" ? `${text} ${unit}` : text);

  const name = make("label", { htmlFor: id }), mark = make("span", { className: "mark", textContent: "● ", ariaHidden: "true" });
  name.append(mark, label, " ", make("small", { textContent: unit, className: unit.length < 4 ? "" : "long" }));
  const back = make("button", { className: "back", type: "button" }), was = make("span", { className: "was" });
  back.append("↶", was);
  const tip = make("div", { className: "tip", id: `${id}-tip`, textContent: model.get("tip") });
  const problem = make("div", { className: "problem", id: `${id}-problem` });
  problem.setAttribute("role", "alert");
  back.onclick = () => {
    say(model.get("start_text"));
    box.focus();
  };

  let box, slider, automatic;
  if (is("choice")) {
    box = make("select", {});
    box.append(...options.map((word) => make("option", { textContent: word })));
    box.onchange = () => say(box.value);
  } else if (is("switch")) {
    box = make("input", { type: "checkbox" });
    box.onchange = () => say(box.checked ? "on" : "off");
  } else {
    box = make("input", { type: "text", autocomplete: "off", spellcheck: false });
    box.oninput = () => (typing = true);
    box.onchange = () => say(box.value); // Enter, or leaving the box
  }
  box.id = id;
  if (model.get("slider")) {
    slider = make("input", { type: "range", min: 0, max: options.length - 1, step: 1, className: "slider" });
    slider.setAttribute("aria-label", `${label}, slider`);
    if (model.get("color")) slider.style.setProperty("--handle", model.get("color"));
    slider.oninput = () => say(options[slider.value]);
  }
  if (model.get("optional")) {
    automatic = make("button", { type: "button", className: "auto", textContent: "auto", title: "chosen automatically while pressed" });
    automatic.setAttribute("aria-label", `auto: ${label}`);
    automatic.onclick = () => say(model.get("text") === "auto" ? number : "auto");
  }
  for (const each of [box, slider].filter(Boolean)) each.setAttribute("aria-describedby", `${id}-tip ${id}-problem`);
  let number = options[0] ?? "0"; // where to go on when it is no longer automatic

  const show = () => {
    const text = model.get("text"), wrong = model.get("problem"), isAuto = text === "auto", off = model.get("disabled");
    const changed = model.get("differs"), start = model.get("start_text");
    if (is("switch")) box.checked = text === "on";
    else if (!typing) box.value = text;
    if (!isAuto && !wrong && is("number")) number = text;
    if (slider) {
      const at = options.indexOf(text);
      slider.value = at >= 0 ? at : model.get("at");
      slider.setAttribute("aria-valuetext", withUnit(text) + (changed ? `, was ${start}` : ""));
    }
    automatic?.setAttribute("aria-pressed", isAuto);
    for (const each of [slider, automatic, back].filter(Boolean)) each.disabled = off;
    if (is("number")) box.readOnly = off; // still to be read, and a way for the keyboard to scroll the page
    else box.disabled = off;
    mark.hidden = !changed;
    name.classList.toggle("changed", changed);
    back.style.visibility = changed ? "visible" : "hidden";
    if (was.textContent !== start) {
      was.textContent = start;
      back.title = `back to ${withUnit(start)}`;
      back.setAttribute("aria-label", `${label}: ${back.title}`);
    }
    if (problem.textContent !== wrong) problem.textContent = wrong;
    box.setAttribute("aria-invalid", Boolean(wrong));
  };

  // A finger on the name opens the explanation and closes it; Escape closes it. It opens where there is room.
  const place = () => {
    const scroller = el.closest(".twmr-rows")?.getBoundingClientRect();
    tip.classList.toggle("above", scroller && el.getBoundingClientRect().bottom > scroller.bottom - 90);
  };
  name.onclick = (event) => {
    event.preventDefault();
    el.classList.toggle("explained");
  };
  el.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    el.classList.add("quiet");
    el.classList.remove("explained");
  };
  el.addEventListener("focusin", place);
  el.addEventListener("pointerenter", place);
  el.addEventListener("focusout", () => el.classList.remove("explained", "quiet"));

  const middle = make("div", { className: "middle" });
  el.classList.add("twmr-row", `twmr-row-${model.get("kind")}`);
  if (is("number")) {
    middle.append(...[automatic, slider].filter(Boolean));
    el.append(name, middle, box, back, problem, tip);
  } else {
    middle.append(box);
    el.append(name, middle, back, problem, tip);
  }
  return follow(model, ["text", "start_text", "differs", "problem", "disabled", "at"], show);
}

export default { render };
