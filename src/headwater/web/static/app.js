// What the pages do beyond HTML; all of them work without it.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const make = (tag, text = "", attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// --- light and dark

const theme = $("[data-theme-button]");
if (theme) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shown = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const other = () => (shown() === "dark" ? "light" : "dark");
  const say = () => {
    theme.textContent = other() === "dark" ? "Dark" : "Light";
    theme.setAttribute("aria-label", `Switch to ${other()} colours`);
  };
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const chosen = other();
    document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // Storage may be forbidden; the choice then holds for this page.
    }
    say();
  });
  dark.addEventListener("change", say);
  say();
}

// --- on narrow screens the row of pages begins with the one on show

const here = $(".side nav [aria-current]");
if (here) {
  const row = here.closest("nav");
  row.scrollLeft = here.offsetLeft + here.offsetWidth - row.clientWidth / 2 - here.offsetWidth / 2;
}

// --- search: `/` goes there, results come while typing

const find = $("#find");
if (find) {
  const form = find.form;
  const results = make("div", "", { class: "results", id: "results", role: "listbox", "aria-label": "Results" });
  results.hidden = true;
  form.append(results);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": "results", "aria-autocomplete": "list",
  })) find.setAttribute(name, value);
  let chosen = -1;
  let asked = 0;
  let timer = 0;

  const close = () => {
    results.hidden = true;
    chosen = -1;
    find.setAttribute("aria-expanded", "false");
    find.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    const links = [...results.querySelectorAll("a")];
    chosen = links.length ? (index + links.length) % links.length : -1;
    links.forEach((link, at) => link.setAttribute("aria-selected", String(at === chosen)));
    if (chosen >= 0) find.setAttribute("aria-activedescendant", links[chosen].id);
  };
  const show = (hits) => {
    results.replaceChildren();
    hits.forEach((hit, at) => {
      const link = make("a", hit.name, { href: hit.url, role: "option", id: `result-${at}`, "aria-selected": "false", tabindex: "-1" });
      link.append(make("span", ` ${hit.of}`));
      if (hit.text) link.append(make("small", hit.text));
      results.append(link);
    });
    if (!hits.length) results.append(make("a", "Nothing of that name. Search all texts", { href: `/catalogue?q=${encodeURIComponent(find.value)}`, role: "option", id: "result-0", "aria-selected": "false", tabindex: "-1" }));
    results.hidden = false;
    chosen = -1;
    find.setAttribute("aria-expanded", "true");
    find.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    const words = find.value.trim();
    const mine = ++asked;
    if (!words) return close();
    try {
      const answer = await fetch(`/search.json?q=${encodeURIComponent(words)}`);
      if (answer.ok && mine === asked && document.activeElement === find) show(await answer.json());
    } catch {
      close(); // without the server, Enter still leads to the page of results
    }
  };
  find.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 90);
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (results.hidden) find.blur();
      close();
      event.preventDefault();
    } else if (!results.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      choose(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1));
      event.preventDefault();
    } else if (event.key === "Enter" && chosen >= 0) {
      results.querySelectorAll("a")[chosen].click();
      event.preventDefault();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  results.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
      find.select();
    }
  });
}

// --- what a name means, on hover, focus or touch

const about = make("div", "", { class: "about", id: "about", role: "tooltip" });
about.hidden = true;
document.body.append(about);
const known = new Map();
let over = null;
let wait = 0;

const forget = () => {
  clearTimeout(wait);
  about.hidden = true;
  over?.removeAttribute("aria-describedby");
  over = null;
};
const place = (name) => {
  const box = name.getBoundingClientRect();
  const own = about.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - own.width - 12);
  const above = box.bottom + own.height + 12 > innerHeight && box.top > own.height + 12;
  about.style.left = `${Math.max(12, left) + scrollX}px`;
  about.style.top = `${(above ? box.top - own.height - 6 : box.bottom + 6) + scrollY}px`;
};
const tell = async (name) => {
  const id = name.dataset.about;
  over = name;
  if (!known.has(id)) known.set(id, fetch(`/about/${encodeURIComponent(id)}`).then((a) => (a.ok ? a.json() : null), () => null));
  const facts = await known.get(id);
  if (over !== name || !facts) return;
  const lines = make("ul");
  lines.append(...facts.lines.map((line) => make("li", line)));
  about.replaceChildren(make("strong", facts.title), make("p", facts.text), lines);
  about.hidden = false;
  name.setAttribute("aria-describedby", "about");
  place(name);
};
const soon = (name) => {
  forget();
  wait = setTimeout(() => tell(name), 150);
};
const named = (event) => event.target.closest?.("[data-about]");
document.addEventListener("pointerover", (event) => {
  const name = named(event);
  if (event.pointerType !== "mouse" || name === over) return;
  if (name) soon(name);
  else if (!event.target.closest?.(".about")) forget();
});
document.addEventListener("focusin", (event) => {
  const name = named(event);
  if (name?.matches(":focus-visible")) soon(name);
  else forget();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !about.hidden) forget();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".about-button");
  if (!button) return forget();
  const name = button.previousElementSibling;
  if (over === name) forget();
  else tell(name);
});
const offerTouch = (root) => {
  if (!matchMedia("(hover: none)").matches) return;
  for (const name of root.querySelectorAll("a[data-about]")) {
    if (name.nextElementSibling?.matches(".about-button") || name.closest(".facts")) continue;
    name.after(make("button", "i", { type: "button", class: "about-button", "aria-label": `About ${name.textContent}` }));
  }
};
offerTouch(document);

// --- a point of a great chart leads to the rows behind it

const rowsOf = (target) => {
  const svg = target.closest?.("[data-rows] svg[data-plot]");
  const line = svg && $(".chart-reading line", svg);
  if (!line) return null;
  const box = svg.closest("[data-rows]");
  const days = box.dataset.days.split(" ");
  const [from, to] = svg.dataset.plot.split(" ").map(Number);
  const share = to > from ? (Number(line.getAttribute("x1")) - from) / (to - from) : 1;
  return `${box.dataset.rows}?period=${days[Math.round(share * (days.length - 1))]}`;
};
const follow = (event) => {
  const url = rowsOf(event.target);
  if (url) location.assign(url);
};
document.addEventListener("click", (event) => {
  if (event.pointerType !== "touch") follow(event);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter") follow(event);
});

// --- filters act at once

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-auto]");
  if (form && event.target.matches("select")) form.requestSubmit();
});

// --- a page refreshes by itself after a release

const news = $("[data-news]");
const every = 4000;
let etag = null;
let release = document.body.dataset.release || null;

const busy = () => {
  const active = document.activeElement;
  return (active?.matches("input, select, textarea") && active.closest("main")) || String(getSelection());
};
const refresh = async () => {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const path = pathTo(document.activeElement);
  forget();
  for (const part of ["main", ".foot p"]) {
    const [old, next] = [$(part), $(part, fresh)];
    if (old && next) old.replaceChildren(...next.childNodes);
  }
  document.title = fresh.title;
  const now = fresh.body.dataset.release || null;
  if (now !== release) news.textContent = `The page now shows release ${now}.`;
  release = now;
  document.body.dataset.release = now ?? "";
  path?.()?.focus({ preventScroll: true });
  offerTouch(document);
  document.dispatchEvent(new CustomEvent("headwater:refreshed"));
};
// The focused element again in the new page: by its id, or by its address among links.
const pathTo = (element) => {
  if (!element || !$("main").contains(element)) return null;
  if (element.id) return () => document.getElementById(element.id);
  const href = element.getAttribute?.("href");
  if (!href) return null;
  const place = [...document.querySelectorAll("main a")].filter((a) => a.getAttribute("href") === href).indexOf(element);
  return () => [...document.querySelectorAll("main a")].filter((a) => a.getAttribute("href") === href)[place];
};
const look = async () => {
  if (!document.hidden && !busy()) {
    try {
      const answer = await fetch("/release", { headers: etag ? { "if-none-match": etag } : {} });
      const tag = answer.headers.get("etag");
      if (answer.ok && etag && tag !== etag) await refresh();
      if (answer.ok) etag = tag;
    } catch {
      // The server is away; the page stays as it is, and asks again.
    }
  }
  setTimeout(look, every);
};
if (news) look();
