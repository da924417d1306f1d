"use strict";

// Tables: the head of a column sorts by it, the better end first; what has no number stays at the end.
function value(row, place) {
  const cell = row.cells[place];
  if (cell.dataset.sort === undefined) return cell.textContent.trim();
  return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
}

function sortBy(button) {
  const head = button.closest("th");
  const place = head.cellIndex;
  const body = head.closest("table").tBodies[0];
  const first = button.dataset.better === "higher" ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = Array.from(body.rows, (row) => [value(row, place), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  });
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => sortBy(button));
}

// Configurations: a link to one opens it over the page, so that the place in the table is not lost. Its address can be
// shared, and Back closes it. Without this script the same links lead to the end of the page.
const dialog = document.querySelector("dialog");

function show(hash) {
  const target = hash.length > 1 ? document.getElementById(hash.slice(1)) : null;
  if (!target || !target.matches(".configuration")) {
    if (dialog.open) dialog.close();
    return false;
  }
  dialog.querySelector("h2").textContent = target.dataset.title;
  dialog.querySelector(".content").replaceChildren(...target.cloneNode(true).childNodes);
  dialog.querySelector(".content").className = "content configuration";
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#c-']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const hash = link.getAttribute("href");
  if (!show(hash)) return;
  event.preventDefault();
  if (location.hash !== hash) history.pushState(null, "", hash);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest(".close")) dialog.close();
});
dialog.addEventListener("close", () => {
  if (location.hash.startsWith("#c-")) history.pushState(null, "", "#");
});
addEventListener("popstate", () => show(location.hash));
show(location.hash);
