// A question on one line, with the button that does it and the one that does not; a name may be asked for.

import { follow, make } from "./element.js";

function render({ model, el }) {
  el.classList.add("twmr-question");
  let before = /** @type {HTMLElement} */ (null); // where the focus was
  const show = () => {
    el.replaceChildren();
    if (!model.get("asking")) {
      if (before?.isConnected && (document.activeElement ?? document.body) === document.body) before.focus();
      before = null;
      return;
    }
    before = /** @type {HTMLElement} */ (document.activeElement);
    const asked = model.get("asks") ? make("input", { value: model.get("name") }) : null;
    const button = (textContent, yes, look = "") =>
      make("button", {
        textContent,
        className: `jupyter-button${look}`,
        onclick: () => model.send({ yes, name: asked?.value ?? "" }),
      });
    const yes = button(model.get("yes"), true, model.get("danger") ? " mod-danger" : " mod-primary");
    const no = button("Keep", false);
    el.append(make("label", { textContent: model.get("text") }, ...(asked ? [asked] : [])), yes, no);
    el.onkeydown = (event) => {
      const answer = event.key === "Escape" ? no : event.key === "Enter" && event.target === asked ? yes : null;
      if (!answer) return;
      event.preventDefault();
      event.stopPropagation();
      answer.click();
    };
    (asked ?? no).focus({ preventScroll: true });
    asked?.select();
  };
  return follow(model, ["asking"], show);
}

export default { render };
