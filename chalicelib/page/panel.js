/** All of one host: its plots, one report as a table, and iostat's own text. */

import { make, quiet, row, say } from "./dom.js";
import { clock } from "./figures.js";
import { Plot, swatch } from "./plot.js";

/** Reports whose text is shown: the average since boot and the last ones. The download has all. */
const TEXTS = 50;

/** The panel of one Run, with headings of that level. `renew` it when reports have come; `end` it when it is thrown away. */
export class Panel {
  constructor(run, heading) {
    this.run = run;
    this.plots = new Map();
    this.at = null;
    this.shown = 0;
    this.hint = make("p", { className: "faint" });
    this.grid = make("div", { className: "plots" });
    this.slider = make("input", { type: "range", id: "report", min: 0, max: 0, value: 0 });
    this.slider.oninput = () => this.choose(Number(this.slider.value));
    const latest = quiet("Latest", { onclick: () => this.choose(null) });
    this.which = make("output", { htmlFor: "report" });
    this.head = make("tr");
    this.rows = make("tbody");
    this.columns = "";
    this.text = make("pre", { className: "text", tabIndex: 0, ariaLabel: "What iostat printed" });
    const table = make("table", { className: "numbers" }, make("thead", {}, this.head), this.rows);
    const area = { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Numbers" };
    this.element = make("div", { className: "panel" },
      this.hint, this.grid,
      this.below = make("div", { className: "below" },
        make("div", {}, make(heading, {}, "Numbers"),
          make("p", { className: "choice" },
            make("label", { htmlFor: "report" }, "Report"), this.slider, this.which, latest),
          make("div", area, table)),
        make("div", {}, make(heading, {}, "As iostat prints it"), this.text)));
  }

  end() {
    for (const plot of this.plots.values()) plot.end();
  }

  /** Show what has come since the last time. */
  renew() {
    const { run } = this;
    const texts = this.text.childNodes, count = run.reports.length;
    this.below.hidden = !count || run.uptime;
    say(this.hint, run.metrics[0] ? "" : run.uptime ?? (run.ended && !count
      ? run.why ?? "Nothing was measured."
      : "The first report is the average since boot. Plots begin with the second."));
    for (const metric of run.metrics) {
      if (this.plots.has(metric.key)) continue;
      const plot = new Plot(run, metric, { onPoint: (at) => this.cross(at) });
      this.plots.set(metric.key, plot);
      this.grid.append(plot.element);
    }
    for (const plot of this.plots.values()) plot.later();
    if (!this.shown && count) this.text.append(run.reports[0].text);
    const from = Math.max(this.shown, 1, count - TEXTS);
    for (const report of run.reports.slice(from)) this.text.append(report.text);
    if (count > TEXTS && this.shown <= TEXTS) texts[0].data += "…\n\n";
    while (texts.length > TEXTS) texts[1].remove();
    this.shown = run.reports.length;
    this.slider.max = Math.max(0, this.shown - 1);
    if (this.at === null) this.table(this.shown - 1);
  }

  /** Show that report in the table from now on; null is the latest one. */
  choose(index) {
    this.at = index;
    const place = index === null ? -1 : this.run.plotted.indexOf(index);
    for (const plot of this.plots.values()) plot.cross(place < 0 ? null : place);
    this.table(index ?? this.shown - 1);
  }

  /** Follow the crosshair of one plot in all of them, and in the table. */
  cross(at) {
    for (const plot of this.plots.values()) plot.cross(at);
    this.at = at === null ? null : this.run.plotted[at];
    this.table(this.at ?? this.shown - 1);
  }

  table(index) {
    const { run } = this, report = run.reports[index];
    if (!report) return;
    this.slider.value = index;
    const at = report.at ? `, ${clock(Date.parse(report.at) / 1000)}` : "";
    const kind = report.since_boot ? ", since boot" : "";
    this.which.textContent = `${index + 1} of ${this.shown}${at}${kind}`;
    this.slider.ariaValueText = this.which.textContent;
    const names = Object.keys(report.devices[0] ?? {});
    if (names.join() !== this.columns) {
      this.columns = names.join();
      this.head.replaceChildren(...names.map((it) => make("th", {}, it)));
      this.rows.replaceChildren();
    }
    while (this.rows.rows.length > report.devices.length) this.rows.lastChild.remove();
    run.sorted(report).forEach((device, line) => {
      const cells = (this.rows.rows[line] ?? this.addRow(names)).cells;
      names.forEach((name, at) => {
        const text = number(name, device[name]);
        const cell = cells[at].lastChild;
        if (cell.data !== text) cell.data = text;
        const place = at ? -1 : run.devices.indexOf(text);
        if (place >= 0 && cells[0].plotted !== place) {
          cells[0].plotted = place;
          cells[0].replaceChildren(swatch(place), cell);
        }
      });
    });
  }

  addRow(names) {
    const made = row(...names.map(() => document.createTextNode("")));
    this.rows.append(made);
    return made;
  }
}

/** Write a number as iostat does: totals are whole, the rest has two decimals. */
function number(name, value) {
  if (typeof value !== "number") return value ?? "–";
  return /^kB_\w+$/.test(name) ? String(value) : value.toFixed(2);
}
