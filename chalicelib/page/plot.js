/** One plot: lines against time in SVG, with axes, a legend and a crosshair. */

import { make, svg } from "./dom.js";
import { clock, line, nearest, si, ticks, timeTicks } from "./figures.js";

const LEFT = 62, RIGHT = 10, TOP = 8, BOTTOM = 20;
/** Points that are drawn anew with each report; those before them stay as they are. */
const TAIL = 30;
/** Colours of lines; the lines after them have the same ones, dashed. */
const COLOURS = 8;
/** Devices in a legend, and values under a crosshair: the busiest. The table has all. */
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
  for (const { target } of entries) target.plot.later();
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
    Object.assign(this, { run, metric, height, onPoint, visible: false, at: null });
    this.lines = [];
    this.drawn = {};
    this.paper = svg("g", { transform: `translate(${LEFT} ${TOP})` });
    this.grid = svg("path", { class: "grid" });
    this.words = svg("g", { class: "words" });
    this.curves = svg("g", { class: "curves", transform: "scale(.1)" });
    this.hair = svg("path", { class: "hair" });
    this.paper.append(this.grid, this.words, this.curves, this.hair);
    this.svg = svg("svg", { role: "img", tabindex: 0, height, "aria-label": this.name }, this.paper);
    this.legend = make("ul", { className: "legend" });
    this.tip = make("div", { className: "tip", hidden: true });
    this.frame = make("div", { className: "paper" }, this.svg, this.tip);
    this.frame.plot = this;
    this.heading = make("figcaption", {}, title);
    this.element = make("figure", { className: "plot" }, this.heading, this.frame, this.legend);
    this.svg.onpointermove = (event) => this.follow(event.offsetX);
    this.svg.onpointerdown = (event) => this.follow(event.offsetX);
    this.svg.onpointerleave = this.svg.onblur = () => this.tip.hidden || this.onPoint(null, this);
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
    this.key(values);
    this.cross(this.at);
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
      ? timeTicks(from, from + span, Math.max(2, Math.floor(width / 90)))
      : [];
    const places = columns.map((at) => [Math.round(((at - from) / span) * width) + 0.5, at]);
    this.grid.setAttribute("d", rows.map(([y]) => `M0 ${y}h${width}`).join("")
      + places.map(([x]) => `M${x} ${height}v4`).join(""));
    const whole = places.every(([, at]) => at % 60 === 0);
    const words = rows.map(([y, it]) => word(-6, y + 4, si(it, this.metric.unit), "end"));
    words.push(...places
      .filter(([x]) => x < width - 20)
      .map(([x, at]) => word(x, height + 17, clock(at, !whole), x < 26 ? "start" : "middle")));
    this.words.replaceChildren(...words);
  }

  /** Renew the legend: the busiest devices, with their last values. */
  key(values) {
    const { devices } = this.run;
    const order = values.map((it, at) => [it.at(-1), at]);
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
    if (!(performance.now() - this.drawn.told < 5000) || this.run.ended) {
      this.drawn.told = performance.now();
      this.svg.setAttribute("aria-label", `${this.name}. ${this.summary}`);
    }
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
      this.onPoint(nearest(run.times, scale.x0 + (x - LEFT) / scale.perX), this);
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
    this.onPoint(to, this);
  }

  /**
   * Move the crosshair to the report at this place; null takes it away. `here` shows the values;
   * without it they are shown if they were.
   */
  cross(at, here) {
    this.at = at;
    const { run, scale, metric } = this;
    const own = here || (this.at !== null && !this.tip.hidden && here === undefined);
    this.tip.hidden = !own;
    if (at === null || !scale) return this.hair.removeAttribute("d");
    const x = Math.round((run.times[at] - scale.x0) * scale.perX) + 0.5;
    this.hair.setAttribute("d", `M${x} 0v${scale.height}`);
    if (!own) return;
    const found = this.values.map((it, place) => [it[at], place]).filter(([it]) => it === it);
    found.sort((one, other) => other[0] - one[0]);
    const rows = found.slice(0, NAMED).map(([value, place]) =>
      make("div", {}, swatch(place), `${run.devices[place]} `, make("b", {}, si(value, metric.unit))));
    this.tip.replaceChildren(make("div", { className: "faint" }, clock(run.times[at])), ...rows);
    const left = x + LEFT + 10, wide = this.tip.offsetWidth;
    const fits = left + wide <= this.frame.clientWidth;
    this.tip.style.left = `${fits ? left : Math.max(0, left - wide - 20)}px`;
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
