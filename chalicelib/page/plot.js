/** One plot: lines against time in SVG, with axes, a crosshair, and a legend with the values there. */

import { make, svg } from "./dom.js";
import { clock, line, nearest, si, ticks, timeTicks } from "./figures.js";

const LEFT = 62, RIGHT = 10, TOP = 8, BOTTOM = 20;
/** Points that are drawn anew with each report; those before them stay as they are. */
const TAIL = 30;
/** Colours of lines; the lines after them have the same ones, dashed. */
const COLOURS = 8;
/** Devices in a legend: the busiest. The table has all. */
const NAMED = 8;
/** Milliseconds of drawing in one frame. What is left waits for the next one. */
const BUDGET = 6;
/** Milliseconds after which a plot is drawn anew that nobody sees: a picture of the whole page has it. */
const UNSEEN = 5000;

const waiting = new Set();
let frame = 0;
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.plot.visible = isIntersecting;
    if (isIntersecting) target.plot.later();
  }
}, { rootMargin: "100px" });
const sized = new ResizeObserver((entries) => {
  for (const { target: { plot } } of entries) {
    plot.drawn.at = NaN;
    plot.later();
  }
});

function drawSome() {
  const end = performance.now() + BUDGET;
  frame = 0;
  for (const plot of waiting) {
    if (performance.now() > end) return drawSoon();
    plot.draw();
  }
}

function drawSoon() {
  frame ||= requestAnimationFrame(drawSome);
}

/** A plot of one metric of one host. `onPoint` is called with the place under the crosshair. */
export class Plot {
  constructor(run, metric, { height = 150, title = metric.key, onPoint = () => {} } = {}) {
    Object.assign(this, { run, metric, height, onPoint, visible: false, at: null, mine: false });
    this.lines = [];
    this.drawn = {};
    this.paper = svg("g", { transform: `translate(${LEFT} ${TOP})` });
    this.grid = svg("path", { class: "grid" });
    this.words = svg("g", { class: "words" });
    this.curves = svg("g", { class: "curves", transform: "scale(.1)" });
    this.hair = svg("path", { class: "hair" });
    this.when = svg("text", { class: "when", "text-anchor": "middle" });
    this.paper.append(this.grid, this.words, this.curves, this.hair, this.when);
    this.svg = svg("svg", { role: "img", tabindex: 0, height, "aria-label": this.name }, this.paper);
    this.legend = make("ul", { className: "legend" });
    this.frame = make("div", { className: "paper" }, this.svg);
    this.frame.plot = this;
    this.heading = make("figcaption", {}, title);
    this.element = make("figure", { className: "plot" }, this.heading, this.frame, this.legend);
    this.svg.onpointermove = (event) => this.follow(event.offsetX);
    this.svg.onpointerdown = (event) => this.follow(event.offsetX);
    this.svg.onblur = () => this.point(null);
    // A finger that is lifted leaves the crosshair where it was.
    this.svg.onpointerleave = (event) => event.pointerType === "touch" || this.point(null);
    this.svg.onkeydown = (event) => this.press(event);
    seen.observe(this.frame);
    sized.observe(this.frame);
  }

  /** Stop to watch the element: it is being thrown away. */
  end() {
    seen.unobserve(this.frame);
    sized.unobserve(this.frame);
    waiting.delete(this);
  }

  get name() {
    return `${this.run.host}: ${this.metric.key}`;
  }

  get values() {
    return this.run.series.get(this.metric.key);
  }

  /** Draw with the next frames, or later if nobody sees it. `top` is the least end of the scale. */
  later(top = this.drawn.least ?? 0) {
    this.drawn.least = top;
    if (!this.visible && !this.run.ended && performance.now() - this.drawn.at < UNSEEN) return;
    waiting.add(this);
    drawSoon();
  }

  draw() {
    waiting.delete(this);
    this.drawn.at = performance.now();
    const { run, metric, values } = this;
    const width = Math.max(60, this.frame.clientWidth - LEFT - RIGHT);
    const height = this.height - TOP - BOTTOM;
    const peak = Math.max(this.drawn.least, run.peaks.get(metric.key) ?? 0, metric.least ?? 0);
    const steps = ticks(peak, height > 90 ? 4 : 2);
    const [from, span, top] = [run.times[0] ?? 0, run.span, steps.at(-1)];
    const key = [width, from, span, top].join();
    if (key !== this.drawn.key) {
      this.drawn = { ...this.drawn, key, done: 0 };
      for (const it of this.lines) it.drawn = "";
      this.axes({ width, height, from, span, top, steps });
    }
    const gap = 2 * run.wait + 1.5;
    this.scale = { x0: from, perX: width / span, height, perY: height / top, gap };
    this.extend(values, run.times);
    this.cross(this.at);
    if (!(performance.now() - this.drawn.told < 5000) || run.ended) {
      this.drawn.told = performance.now();
      this.svg.setAttribute("aria-label", `${this.name}. ${this.summary}`);
    }
  }

  /** Draw what is new of every line. */
  extend(values, times) {
    const count = times.length, before = this.drawn.done ?? 0;
    const fixed = count - before > 2 * TAIL ? count - TAIL : before;
    for (let at = this.lines.length; at < values.length; at++) {
      const [past, now] = [curve(at), curve(at)];
      this.curves.append(past, now);
      // What was drawn before this device came has nothing of it.
      this.lines.push({ past, now, drawn: "" });
    }
    this.lines.forEach((it, at) => {
      if (fixed > before) it.drawn += line(times, values[at], Math.max(before - 1, 0), fixed, this.scale);
      if (fixed > before || !before) it.past.setAttribute("d", it.drawn);
      it.now.setAttribute("d", line(times, values[at], Math.max(fixed - 1, 0), count, this.scale));
    });
    this.drawn.done = fixed;
  }

  axes({ width, height, from, span, top, steps }) {
    const all = this.frame.clientWidth;
    this.svg.setAttribute("width", all);
    this.svg.setAttribute("viewBox", `0 0 ${all} ${this.height}`);
    const rows = steps.map((it) => [Math.round(height - (it / top) * height) + 0.5, it]);
    const columns = this.run.times.length
      ? timeTicks(from, from + span, Math.max(2, Math.floor(width / 64)))
      : [];
    const places = columns.map((at) => [Math.round(((at - from) / span) * width) + 0.5, at]);
    this.grid.setAttribute("d", rows.map(([y]) => `M0 ${y}h${width}`).join("")
      + places.map(([x]) => `M${x} ${height}v4`).join(""));
    const whole = places.every(([, at]) => at % 60 === 0);
    const words = rows.map(([y, it]) => word(-6, y + 4, si(it, this.metric.unit, top), "end"));
    words.push(...places
      .filter(([x]) => x > 24 && x < width - 20)
      .map(([x, at]) => word(x, height + 17, clock(at, !whole), "middle")));
    this.words.replaceChildren(...words);
  }

  /** Renew the legend: the busiest devices, with their values at the crosshair or their last ones. */
  key() {
    const { devices, times } = this.run, now = this.at ?? times.length - 1;
    const order = this.values.map((it, at) => [it[now], at]);
    if (order.length > NAMED) order.sort((one, other) => (other[0] || 0) - (one[0] || 0));
    const shown = order.slice(0, NAMED).sort((one, other) => one[1] - other[1]);
    const ids = shown.map(([, at]) => at).join();
    if (ids !== this.drawn.ids) {
      this.drawn.ids = ids;
      this.numbers = shown.map(() => make("b", { textContent: " " }));
      const entries = shown.map(([, at], place) =>
        make("li", {}, swatch(at), `${devices[at]} `, this.numbers[place]));
      if (order.length > NAMED) entries.push(make("li", {}, "…"));
      this.legend.replaceChildren(...entries);
    }
    shown.forEach(([value], place) => {
      this.numbers[place].firstChild.data = si(value, this.metric.unit);
    });
  }

  /** What a plot says to somebody who does not see it. */
  get summary() {
    const { run, metric } = this;
    if (!run.times.length) return "Nothing is measured yet.";
    const all = `${run.times.length} reports, devices: ${run.devices.length}`;
    const since = `from ${clock(run.times[0])} to ${clock(run.times.at(-1))}`;
    return `${all}, ${since}, at most ${si(run.peaks.get(metric.key), metric.unit)}.`;
  }

  follow(x) {
    const { run, scale } = this;
    if (scale && run.times.length) {
      this.point(nearest(run.times, scale.x0 + (x - LEFT) / scale.perX));
    }
  }

  press(event) {
    const last = this.run.times.length - 1;
    const to = {
      ArrowLeft: Math.max(0, (this.at ?? last + 1) - 1),
      ArrowRight: Math.min(last, (this.at ?? last - 1) + 1),
      Home: 0,
      End: last,
      Escape: null,
    }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.point(to);
  }

  /** Tell where the crosshair shall be; only the plot that has moved it takes it away. */
  point(at) {
    if (at === null && !this.mine) return;
    this.mine = at !== null;
    this.onPoint(at, this);
  }

  /** Move the crosshair to the report at this place, and the legend's values; null takes it away. */
  cross(at) {
    this.at = at;
    const { run, scale } = this;
    if (!scale) return;
    const x = at === null ? 0 : Math.round((run.times[at] - scale.x0) * scale.perX) + 0.5;
    this.hair.setAttribute("d", at === null ? "" : `M${x} 0v${scale.height}`);
    this.when.textContent = at === null ? "" : clock(run.times[at]);
    this.when.setAttribute("x", x);
    for (const it of this.words.querySelectorAll(":not([text-anchor=end])")) {
      it.setAttribute("opacity", at === null || Math.abs(it.getAttribute("x") - x) > 60 ? 1 : 0);
    }
    this.when.setAttribute("y", scale.height + 17);
    this.key();
  }
}

function word(x, y, text, anchor) {
  return svg("text", { x, y, "text-anchor": anchor }, text);
}

/** Give the little line that shows how a device is drawn. */
export function swatch(at) {
  const sample = { class: "swatch", width: 18, height: 8, "aria-hidden": true };
  return svg("svg", sample, curve(at, "M1 4h16"));
}

function curve(at, d = "") {
  return svg("path", { class: `s${at % COLOURS} d${Math.floor(at / COLOURS) % 3}`, d });
}
