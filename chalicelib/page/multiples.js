/** Many hosts beside each other: a small plot of each on one scale, those that failed and the worst first. */

import { badge, make, say } from "./dom.js";
import { Plot } from "./plot.js";
import { METRICS } from "./run.js";

/** Milliseconds after which the plots may change places again. */
const SETTLED = 5000;

/** The small plots of a group. `onOpen` is called with the Run of the host that is chosen. */
export class Multiples {
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.cells = [];
    this.sorted = -SETTLED;
    this.select = make("select", { id: "metric" });
    this.select.onchange = () => {
      for (const cell of this.cells) this.drop(cell);
      this.sorted = -SETTLED;
      this.renew();
    };
    this.grid = make("div", { className: "multiples" });
    this.element = make("div", {},
      make("p", { className: "choice" },
        make("label", { htmlFor: "metric" }, "Show"), this.select,
        make("span", { className: "faint" }, "on one scale, failed and worst first")),
      this.grid);
  }

  /** Take one more host. */
  add(run) {
    const open = make("button", { type: "button", className: "host", textContent: run.host });
    open.onclick = () => this.onOpen(run);
    const state = badge();
    const why = make("p", { className: "why", hidden: true });
    const element = make("div", { className: "cell" }, make("p", { className: "head" }, open, state), why);
    this.cells.push({ run, element, state, why, plot: null });
    this.grid.append(element);
  }

  end() {
    for (const cell of this.cells) this.drop(cell);
  }

  drop(cell) {
    cell.plot?.end();
    cell.plot?.element.remove();
    cell.plot = null;
  }

  /** Show what has come since the last time. */
  renew() {
    this.offer();
    const metric = METRICS.find(({ key }) => key === this.select.value);
    let top = 0;
    for (const { run } of this.cells) top = Math.max(top, run.peaks.get(metric?.key) ?? 0);
    for (const cell of this.cells) {
      const { run, element, state, why } = cell;
      say(state, run.state);
      state.dataset.state = run.state;
      say(why, run.why ?? run.uptime ?? "");
      if (metric && !cell.plot && run.peaks.has(metric.key)) {
        cell.plot = new Plot(run, metric, {
          height: 100, title: "", onPoint: (at, from) => from.cross(at),
        });
        element.append(cell.plot.element);
      }
      cell.plot?.later(top);
    }
    if (metric) this.sort(metric.key);
  }

  /** Offer the metrics that any host has; how busy the disks are is first. */
  offer() {
    const there = METRICS.filter(({ key }) => this.cells.some(({ run }) => run.peaks.has(key)));
    if (there.length === this.select.options.length) return;
    const before = this.select.value;
    this.select.replaceChildren(...there.map(({ key }) => make("option", { value: key }, key)));
    const busiest = there.some(({ key }) => key === "%util") ? "%util" : there[0].key;
    this.select.value = before && before !== "tps" ? before : busiest;
  }

  /** Sort, but not too often, and not under somebody's hand. */
  sort(key) {
    const now = performance.now();
    if (now - this.sorted < SETTLED) return;
    if (this.sorted > 0 && this.grid.matches(":hover, :focus-within")) return;
    this.sorted = now;
    const order = [...this.cells].sort((one, other) =>
      other.run.failed - one.run.failed || other.run.worst(key) - one.run.worst(key) || (one.run.host < other.run.host ? -1 : 1));
    if (order.some((cell, at) => this.grid.children[at] !== cell.element)) {
      this.grid.append(...order.map(({ element }) => element));
    }
  }
}
