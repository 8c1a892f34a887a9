// The policies as a table: tick a row, sort by a title, filter by words. All text is set as text, never as markup.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

function render({ model, el }) {
  const filter = make("input", {
    type: "search", placeholder: "filter: name, scene, setting …", "aria-label": "Filter the policies by words",
  });
  const count = make("span", { class: "count", role: "status" });
  const again = make("button", { class: "again", title: "Look for new policies", "aria-label": "Look for new policies" }, "↻");
  const heads = model.get("titles").map((name) => {
    const button = make("button", { title: `Sort by ${name}` }, name, make("span", { "aria-hidden": "true" }));
    button.onclick = () => model.send({ sort: name });
    return make("th", { scope: "col" }, button);
  });
  const head = make("tr", {}, make("td"), ...heads);
  const empty = make("p", { class: "empty", role: "status" });
  const table = make("table", { "aria-label": "Policies" }, make("thead", {}, head));
  el.classList.add("twmr-policies");
  el.append(make("div", { class: "search" }, filter, count, again), make("div", { class: "list" }, table, empty));
  filter.oninput = () => (model.set("filter", filter.value), model.save_changes());
  again.onclick = () => model.send({ refresh: true });

  const rowOf = (row) => {
    const box = make("input", { type: "checkbox", "aria-label": row.title, "data-key": row.key });
    const [scene, ...numbers] = row.cells, name = make("th", { scope: "row" }, row.title);
    const line = make("tr", {}, make("td", {}, box), name, make("td", {}, scene));
    for (const number of numbers) line.append(make("td", { class: "number" }, number));
    const small = make("td", { colspan: 1 + row.cells.length }, make("div", {}, row.more), make("div", {}, row.settings));
    const group = make("tbody", { class: "twmr-policy" }, line, make("tr", { class: "small" }, make("td"), small));
    box.onchange = () => model.send({ tick: row.key, on: box.checked });
    group.onclick = (event) => {
      if (event.target !== box && getSelection().isCollapsed) box.click(); // not while text is being marked
    };
    return group;
  };
  const list = () => {
    const focused = table.contains(document.activeElement) && document.activeElement.dataset.key;
    table.replaceChildren(table.tHead, ...model.get("rows").map(rowOf));
    mark();
    if (focused) boxes().find((box) => box.dataset.key === focused)?.focus({ preventScroll: true });
    table.hidden = !model.get("rows").length;
    empty.textContent = table.hidden ? model.get("empty") : "";
    count.textContent = model.get("count");
  };
  const boxes = () => [...table.querySelectorAll("input")];
  const mark = () => {
    const picked = model.get("picked");
    for (const box of boxes()) {
      box.checked = picked.includes(box.dataset.key);
      box.closest("tbody").classList.toggle("picked", box.checked);
    }
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
  const listened = [
    ["change:rows", list], ["change:count", list], ["change:empty", list], ["change:picked", mark],
    ["change:sort", sorted], ["change:descending", sorted], ["change:filter", words],
  ];
  for (const [what, act] of listened) (model.on(what, act), act());
  return () => listened.forEach(([what, act]) => model.off(what, act));
}

export default { render };
