// The policies as a table: tick a row, sort by a title, filter by words. All text is set as text, never as markup.

import { follow, make } from "./element.js";

function render({ model, el }) {
  const filter = make("input", {
    type: "search", placeholder: "filter: name, scene, setting …", ariaLabel: "Filter the policies by words",
  });
  const count = make("span", { className: "count", role: "status" });
  const again = make("button", { className: "again", title: "Look for new policies", ariaLabel: "Look for new policies" }, "↻");
  const heads = model.get("titles").map((name) => {
    const onclick = () => model.send({ sort: name });
    const button = make("button", { title: `Sort by ${name}`, onclick }, name, make("span", { ariaHidden: "true" }));
    return make("th", { scope: "col" }, button);
  });
  const head = make("tr", {}, make("td"), ...heads);
  const empty = make("p", { className: "empty", role: "status" });
  const table = make("table", { ariaLabel: "Policies" }, make("thead", {}, head));
  el.classList.add("twmr-policies");
  el.append(make("div", { className: "search" }, filter, count, again), make("div", { className: "list" }, table, empty));
  filter.oninput = () => (model.set("filter", filter.value), model.save_changes());
  again.onclick = () => model.send({ refresh: true });

  const rowOf = (row) => {
    const box = make("input", { type: "checkbox", ariaLabel: row.title });
    const [scene, ...numbers] = row.cells, name = make("th", { scope: "row" }, row.title);
    const line = make("tr", {}, make("td", {}, box), name, make("td", {}, scene));
    for (const number of numbers) line.append(make("td", { className: "number" }, number));
    const small = make("td", { colSpan: 1 + row.cells.length }, make("div", {}, row.more), make("div", {}, row.settings));
    const group = make("tbody", { className: "twmr-policy" }, line, make("tr", { className: "small" }, make("td"), small));
    box.dataset.key = row.key;
    box.onchange = () => model.send({ tick: row.key, on: box.checked });
    group.onclick = (event) => {
      if (event.target !== box && getSelection().isCollapsed) box.click(); // not while text is being marked
    };
    return group;
  };
  const boxes = () => [...table.querySelectorAll("input")];
  const mark = () => {
    const picked = model.get("picked");
    for (const box of boxes()) {
      box.checked = picked.includes(box.dataset.key);
      box.closest("tbody").classList.toggle("picked", box.checked);
    }
  };
  const list = () => {
    const focused = boxes().find((box) => box === document.activeElement)?.dataset.key;
    table.replaceChildren(table.tHead, ...model.get("rows").map(rowOf));
    mark();
    if (focused) boxes().find((box) => box.dataset.key === focused)?.focus({ preventScroll: true });
    table.hidden = !model.get("rows").length;
    empty.textContent = table.hidden ? model.get("empty") : "";
    count.textContent = model.get("count");
  };
  const sorted = () => {
    const down = model.get("descending");
    model.get("titles").forEach((name, k) => {
      const on = model.get("sort") === name;
      heads[k].setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
      heads[k].querySelector("span").textContent = on ? (down ? " ▾" : " ▴") : "";
    });
  };
  const words = () => model.get("filter") !== filter.value && (filter.value = model.get("filter"));
  const undo = [
    follow(model, ["rows", "count", "empty"], list), follow(model, ["picked"], mark),
    follow(model, ["sort", "descending"], sorted), follow(model, ["filter"], words),
  ];
  return () => undo.forEach((end) => end());
}

export default { render };
