// Reads a chart's values under the pointer, or with the arrow keys. All text is set as text.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
  const known = new WeakMap();
  let shown = null;

  const make = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };

  const numberText = ({ s: texts, v: values, f: [prefix, suffix, decimals, isRate] }, place, at) => {
    const value = values[place][at];
    if (texts) return texts[place][at];
    if (value === null) return "–";
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    const text = Math.abs(isRate ? value * 100 : value).toLocaleString("en-GB", digits);
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + prefix + text + suffix;
  };

  const periodText = (periods, at) => {
    if (Array.isArray(periods)) return periods[at];
    const day = new Date(`${periods}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + at);
    return `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
  };

  const chartOf = (target) => {
    const svg = target.closest && target.closest("[data-points] svg[data-plot]");
    if (!svg || known.has(svg)) return known.get(svg);
    const box = svg.closest("[data-points]"), data = JSON.parse(box.dataset.points);
    const [x0, x1, top, bottom, low, high] = svg.dataset.plot.split(" ").map(Number);
    const count = data.v[0].length;
    const chart = { svg, box, data, count, x0, x1, top, bottom, low, high, at: count - 1 };
    known.set(svg, chart);
    return chart;
  };

  const xOf = (chart, at) =>
    chart.x1 - ((chart.x1 - chart.x0) * (chart.count - 1 - at)) / Math.max(1, chart.count - 1);

  const hide = () => {
    if (!shown) return;
    shown.mark.remove();
    shown.tip.remove();
    shown = null;
  };

  const markOf = (chart, at) => {
    const mark = document.createElementNS(SVG, "g");
    mark.setAttribute("class", "chart-reading");
    const x = xOf(chart, at);
    const draw = (name, attributes) => {
      const node = mark.appendChild(document.createElementNS(SVG, name));
      for (const key in attributes) node.setAttribute(key, attributes[key]);
    };
    draw("line", { x1: x, x2: x, y1: chart.top, y2: chart.bottom });
    if (chart.high > chart.low) {
      for (const values of chart.data.v) {
        const share = (values[at] - chart.low) / (chart.high - chart.low);
        const cy = chart.bottom - (chart.bottom - chart.top) * share;
        if (values[at] !== null) draw("circle", { cx: x, cy, r: 3.5 });
      }
    }
    return mark;
  };

  const notesOf = ({ data, count }, at) => {
    const notes = (data.a || []).filter(([place]) => place === at).map(([, label]) => label);
    if ((data.u || []).includes(at)) notes.unshift("unusual");
    if (data.p && at >= count - data.p) notes.unshift("so far: not over yet");
    return notes;
  };

  const tipOf = (chart, at) => {
    const { data } = chart;
    const tip = make("div", "chart-tip");
    tip.setAttribute("aria-hidden", "true");
    tip.append(make("strong", "", periodText(data.t, at)));
    data.n.forEach((name, place) => {
      const row = make("span", "chart-tip-row");
      row.append(make("span", "", name), make("b", "", numberText(data, place, at)));
      tip.append(row);
    });
    for (const note of notesOf(chart, at)) tip.append(make("em", "", note));
    return tip;
  };

  const show = (chart, at) => {
    hide();
    chart.at = at;
    const mark = markOf(chart, at), tip = tipOf(chart, at);
    chart.svg.append(mark);
    chart.box.append(tip);
    const frame = chart.box.getBoundingClientRect(), picture = chart.svg.getBoundingClientRect();
    const scale = picture.width / chart.svg.viewBox.baseVal.width;
    const x = picture.left - frame.left + xOf(chart, at) * scale;
    const beside = x + 14 + tip.offsetWidth <= frame.width ? x + 14 : x - 14 - tip.offsetWidth;
    tip.style.left = `${Math.max(0, beside)}px`;
    tip.style.top = `${picture.top - frame.top + chart.top * scale}px`;
    shown = { mark, tip };
  };

  const say = (chart) => {
    const { box, data, at } = chart;
    const live = box.querySelector(".chart-live") || box.appendChild(make("p", "chart-live"));
    live.setAttribute("aria-live", "polite");
    const values = data.n.map((name, place) => `${name} ${numberText(data, place, at)}`);
    live.textContent = [periodText(data.t, at), ...values, ...notesOf(chart, at)].join(", ");
  };

  const follow = (event) => {
    const chart = chartOf(event.target);
    if (!chart) return hide();
    const picture = chart.svg.getBoundingClientRect();
    const x = ((event.clientX - picture.left) * chart.svg.viewBox.baseVal.width) / picture.width;
    const share = chart.x1 > chart.x0 ? (x - chart.x0) / (chart.x1 - chart.x0) : 1;
    show(chart, Math.round(Math.min(1, Math.max(0, share)) * (chart.count - 1)));
  };

  document.addEventListener("pointermove", follow, { passive: true });
  document.addEventListener("pointerdown", follow, { passive: true });
  document.addEventListener("focusin", (event) => {
    const chart = chartOf(event.target);
    if (chart && event.target.matches(":focus-visible")) show(chart, chart.at);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    const chart = chartOf(event.target);
    if (!chart || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = chart.count - 1;
    const to = { ArrowLeft: chart.at - 1, ArrowRight: chart.at + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") return hide();
    if (to === undefined) return;
    event.preventDefault();
    show(chart, Math.min(last, Math.max(0, to)));
    say(chart);
  });
})();
