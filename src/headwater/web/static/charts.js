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

  const duration = (seconds) => {
    const pad = (part) => String(part).padStart(2, "0");
    if (seconds < 1 && seconds > 0) return `${Math.round(seconds * 1000)} ms`;
    const whole = Math.round(seconds), minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
    if (whole < 60) return `${seconds < 10 ? Number(seconds.toPrecision(3)) : whole} s`;
    if (minutes < 60) return whole % 60 ? `${minutes} min ${pad(whole % 60)} s` : `${minutes} min`;
    if (hours < 48) return minutes % 60 ? `${hours} h ${pad(minutes % 60)} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 && days < 100 ? `${days} d ${hours % 24} h` : `${days.toLocaleString("en-GB")} d`;
  };

  const numberText = (value, [prefix, suffix, decimals, sort]) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (sort === "d") return (value < 0 ? "−" : "") + duration(size);
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    const text = (sort === "r" ? size * 100 : size).toLocaleString("en-GB", digits);
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + prefix + text + suffix;
  };

  const periodText = (periods, at) => {
    if (Array.isArray(periods)) return periods[at];
    const day = new Date(`${periods}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + at);
    return `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
  };

  const chartOf = (target) => {
    const svg = target instanceof Element ? target.closest("[data-points] svg[data-plot]") : null;
    if (!svg) return null;
    let chart = known.get(svg);
    if (!chart) {
      const box = svg.closest("[data-points]");
      const [x0, x1, top, bottom, low, high] = svg.dataset.plot.split(" ").map(Number);
      const data = JSON.parse(box.dataset.points);
      const count = data.v.length ? data.v[0].length : 0;
      chart = { svg, box, data, count, x0, x1, top, bottom, low, high, at: count - 1 };
      known.set(svg, chart);
    }
    return chart.count ? chart : null;
  };

  const xOf = (chart, at) =>
    chart.count === 1 ? chart.x1 : chart.x0 + ((chart.x1 - chart.x0) * at) / (chart.count - 1);

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
      const node = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      mark.append(node);
    };
    draw("line", { x1: x, x2: x, y1: chart.top, y2: chart.bottom });
    if (chart.high > chart.low) {
      for (const values of chart.data.v) {
        if (values[at] === null || values[at] === undefined) continue;
        const share = (values[at] - chart.low) / (chart.high - chart.low);
        draw("circle", { cx: x, cy: chart.bottom - (chart.bottom - chart.top) * share, r: 3.5 });
      }
    }
    return mark;
  };

  const notesOf = ({ data, count }, at) => {
    const notes = (data.a || []).filter(([place]) => place === at).map(([, label]) => label);
    if ((data.u || []).includes(at)) notes.unshift("unusual");
    if (data.p && at >= count - data.p) notes.unshift("not complete");
    return notes;
  };

  const tipOf = (chart, at) => {
    const { data } = chart;
    const tip = make("div", "chart-tip");
    tip.setAttribute("aria-hidden", "true");
    tip.append(make("strong", "", periodText(data.t, at)));
    data.n.forEach((name, place) => {
      const row = make("span", "chart-tip-row");
      row.append(make("span", "", name), make("b", "", numberText(data.v[place][at], data.f)));
      tip.append(row);
    });
    for (const note of notesOf(chart, at)) tip.append(make("em", "", note));
    return tip;
  };

  const show = (chart, at) => {
    if (shown && shown.chart === chart && shown.at === at) return;
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
    shown = { chart, at, mark, tip };
  };

  const say = (chart) => {
    let live = chart.box.querySelector(".chart-live");
    if (!live) {
      live = make("p", "chart-live");
      live.setAttribute("aria-live", "polite");
      chart.box.append(live);
    }
    const { data, at } = chart;
    const values = data.n.map((name, place) => `${name} ${numberText(data.v[place][at], data.f)}`);
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
    const last = chart.count - 1, far = Math.max(1, Math.round(last / 10));
    const to = {
      ArrowLeft: chart.at - 1, ArrowRight: chart.at + 1, PageUp: chart.at - far,
      PageDown: chart.at + far, Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") return hide();
    if (to === undefined) return;
    event.preventDefault();
    show(chart, Math.min(last, Math.max(0, to)));
    say(chart);
  });
})();
