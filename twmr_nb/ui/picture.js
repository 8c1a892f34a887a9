// A PNG as wide as there is room for, with words for those who do not see it, and a button that saves its figure.

import { follow, make } from "./element.js";

const SEEN = 15_000; // ms that the answer stands over the picture

function render({ model, el }) {
  let image = make("img"), latest = 0, clock = 0;
  // An element of its own for each picture: one that changes while the page leaves its cell undrawn may keep no size.
  const show = () => {
    const png = model.get("value"), mine = ++latest, next = make("img");
    if (!png.byteLength) return image.replaceWith((image = next));
    next.src = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    next.onload = () => {
      if (mine !== latest) return URL.revokeObjectURL(next.src);
      Object.assign(next.style, { display: "block", width: "100%", height: "auto" });
      next.alt = model.get("words");
      image.replaceWith(next);
      URL.revokeObjectURL(image.src);
      image = next;
    };
  };
  const say = () => image.src && (image.alt = model.get("words"));
  const save = make("button", { textContent: "⤓", title: "Save this figure as SVG and PDF, its numbers as CSV" });
  const answer = make("output", { className: "twmr-saved-as" });
  const tell = () => {
    answer.textContent = model.get("said");
    clearTimeout(clock);
    clock = setTimeout(() => (answer.textContent = ""), SEEN);
  };
  save.setAttribute("aria-label", save.title);
  save.className = "twmr-save";
  save.onclick = () => model.send("save");
  el.append(image);
  if (model.get("can_save")) el.append(save, answer);
  el.classList.add("twmr-picture");
  const undo = [follow(model, ["value"], show), follow(model, ["words"], say)];
  model.on("change:said", tell);
  return () => {
    undo.forEach((end) => end());
    model.off("change:said", tell);
    clearTimeout(clock);
    latest = 0;
    URL.revokeObjectURL(image.src);
  };
}

export default { render };
