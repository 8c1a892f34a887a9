// Keys pressed in a widget are the widget's: JupyterLab would take Enter and the arrows for commands on cells.

function render({ el }) {
  const keep = (event) => {
    const forCells = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    if (!forCells) event.stopPropagation();
  };
  let root = null, waiting = 0;
  const attach = () => {
    root = el.closest(".twmr-shell");
    if (root) root.addEventListener("keydown", keep);
    else waiting = requestAnimationFrame(attach); // drawn, but not yet in the page
  };
  el.style.display = "none";
  attach();
  return () => {
    cancelAnimationFrame(waiting);
    root?.removeEventListener("keydown", keep);
  };
}

export default { render };
