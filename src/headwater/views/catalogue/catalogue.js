"use strict";
// The search hides what does not match; without it the page is complete.
const find = document.getElementById("find");
const items = [...document.querySelectorAll("nav li[data-find]")];
find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    item.hidden = !words.every((word) => item.dataset.find.includes(word));
    shown += item.hidden ? 0 : 1;
  }
  document.getElementById("none").hidden = shown > 0;
});
find.addEventListener("keydown", (event) => {
  const first = items.find((item) => !item.hidden);
  if (event.key === "Enter" && first) location.hash = first.firstChild.hash;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== find) {
    event.preventDefault();
    find.focus();
  }
});
const links = new Map(items.map((item) => [item.firstChild.hash.slice(1), item.firstChild]));
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  },
  { rootMargin: "-10% 0px -80% 0px" },
);
for (const article of document.querySelectorAll("article")) seen.observe(article);
