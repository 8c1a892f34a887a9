// The replay without a kernel: on a page of its own, or in a saved notebook, where it shows itself only if the live
// widget above it does not.

import { ReplayView } from "./view.js";

export function startPage(state) {
  const model = {
    get: (name) => state[name],
    set: (name, value) => (typeof name === "string" ? (state[name] = value) : Object.assign(state, name)),
    save_changes() {}, on() {}, off() {},
  };
  const frame = /** @type {HTMLElement} */ (globalThis.frameElement), host = frame?.ownerDocument.body;
  const paper = host ? getComputedStyle(host).backgroundColor : "";
  const dark = host ? /^rgba?\((\d{1,2}), /.test(paper) && !/, 0\)$/.test(paper) : matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", dark);
  let view = null;
  const show = () => {
    view ??= new ReplayView(model, document.body);
    if (frame) frame.style.height = `${document.documentElement.scrollHeight + 4}px`;
  };
  const hide = () => {
    view?.remove();
    view = null;
    frame.style.height = "0";
  };
  const area = frame?.closest(".jp-OutputArea");
  if (!area) return show();
  const inLab = frame.ownerDocument.getElementById("jupyter-config-data"); // an exported page has no live widgets to wait for
  const lost = () => [...area.querySelectorAll(".jupyter-widgets")].find((n) => n.textContent.startsWith("Error displaying widget"));
  const look = (waited) => {
    const message = lost();
    message?.closest(".jp-OutputArea-child").setAttribute("style", "display: none");
    if (area.querySelector(".twmr-replay")) hide();
    else if (message || waited) show();
  };
  new MutationObserver(() => look(Boolean(view))).observe(area, { childList: true, subtree: true });
  setTimeout(() => look(true), 6000);
  look(!inLab);
}
