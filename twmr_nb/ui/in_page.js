// What every widget does in the page by itself. Keys pressed in it are its own: JupyterLab would take Enter and the arrows for
// commands on cells. And where its kernel is gone, it says so: what nobody hears must not look alive.

import { make } from "./element.js";

const GONE = "Nobody hears this any more: its kernel was restarted or has ended. Run this cell again (Shift+Enter).";

function render({ model, el }) {
  const keep = (event) => {
    const forCells = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    if (!forCells) event.stopPropagation();
  };
  let root = null, waiting = 0;
  const gone = () => {
    if (!root || root.matches(".twmr-gone, .twmr-shell .twmr-shell")) return; // one within another leaves it to that
    root.classList.add("twmr-gone");
    const notice = make("div", { className: "twmr-notice", textContent: GONE });
    notice.setAttribute("role", "alert");
    root.prepend(notice);
  };
  const attach = () => {
    root = el.closest(".twmr-shell");
    if (root) root.addEventListener("keydown", keep);
    else waiting = requestAnimationFrame(attach); // drawn, but not yet in the page
  };
  el.style.display = "none";
  attach();
  model.on("comm_live_update", gone);
  return () => {
    cancelAnimationFrame(waiting);
    model.off("comm_live_update", gone);
    root?.removeEventListener("keydown", keep);
  };
}

export default { render };
