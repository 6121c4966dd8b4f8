/** The reports of one host, as the page keeps them: whole, and as series for the plots. */

import { span } from "./figures.js";

const named = (name) => (device) => device[name];
const either = (one, other) => (device) => device[one] ?? device[other];

/** What is plotted: how it is named, its unit, and how it is found in a device of a report. */
export const METRICS = [
  { key: "tps", unit: "/s", of: transfers },
  { key: "read", unit: "B/s", factor: 1000, of: either("kB_read/s", "rkB/s") },
  { key: "written", unit: "B/s", factor: 1000, of: either("kB_wrtn/s", "wkB/s") },
  { key: "discarded", unit: "B/s", factor: 1000, of: either("kB_dscd/s", "dkB/s") },
  { key: "await", unit: "s", factor: 0.001, of: waited },
  { key: "queue", unit: "", of: either("aqu-sz", "avgqu-sz") },
  { key: "%util", unit: "%", least: 100, of: named("%util") },
];

/** One host's window: its reports in their order, none missing and none twice. */
export class Run {
  constructor(host, request) {
    this.host = host;
    this.expect(request);
    this.reports = [];
    /** For each report that is plotted: its time (seconds since the epoch), and its index. */
    this.times = [];
    this.plotted = [];
    this.devices = [];
    /** By metric: the values of each device, in the order of `devices`, and the highest of all. */
    this.series = new Map(METRICS.map(({ key }) => [key, []]));
    this.peaks = new Map();
    this.state = "QUEUED";
    this.ended = false;
    this.failed = false;
    /** How busy each device was in all, in the order of `devices`. */
    this.busy = [];
  }

  /** Learn how many reports will come, and how many seconds apart. */
  expect(request) {
    this.wait = request?.wait ?? 1;
    this.planned = ((request?.count ?? 1) - 1) * this.wait;
  }

  /** Take a report, unless it is there already. Throws if one is missing before it. */
  add(report) {
    if (report.index < this.reports.length) return false;
    if (report.index > this.reports.length) throw new Error(`Report ${this.reports.length} is missing.`);
    this.reports.push(report);
    if (report.since_boot) return true;
    this.times.push(this.timeOf(report));
    this.plotted.push(report.index);
    const at = this.times.length - 1;
    for (const device of report.devices) this.plot(device, at);
    for (const [key, lines] of this.series) {
      for (const values of lines) if (values.length === at) values.push(NaN);
    }
    return true;
  }

  /** Give the seconds since the epoch. The API has whole seconds; reports are `wait` apart. */
  timeOf(report) {
    const due = (this.times.at(-1) ?? NaN) + this.wait;
    const at = Date.parse(report.at) / 1000;
    if (Number.isNaN(at)) return Number.isNaN(due) ? Date.now() / 1000 : due;
    return Math.abs(at - due) < 2 ? due : at;
  }

  plot(device, at) {
    let place = this.devices.indexOf(device.device);
    if (place < 0) {
      place = this.devices.push(device.device) - 1;
      this.busy.push(0);
      for (const lines of this.series.values()) lines.push(new Array(at).fill(NaN));
    }
    this.busy[place] += device["%util"] ?? transfers(device) ?? 0;
    for (const { key, of, factor = 1 } of METRICS) {
      const value = (of(device) ?? NaN) * factor;
      const values = this.series.get(key)[place];
      // A device that a report names twice keeps its last values.
      values[at] = value;
      if (!(value <= this.peaks.get(key))) if (value === value) this.peaks.set(key, value);
    }
  }

  /** The metrics that this host's iostat has. */
  get metrics() {
    return METRICS.filter(({ key }) => this.peaks.has(key));
  }

  /** The seconds between the first time and the end of the time axis. */
  get span() {
    const elapsed = this.times.length ? this.times.at(-1) - this.times[0] : 0;
    // The first report, of the average since boot, is not plotted.
    return this.ended ? Math.max(elapsed, 1) : span(elapsed, this.planned - this.wait);
  }

  /** Give the devices of a report, the busiest of the whole window first. */
  sorted(report) {
    const busy = ({ device }) => this.busy[this.devices.indexOf(device)] ?? -1;
    return [...report.devices].sort((one, other) => busy(other) - busy(one));
  }

  /** The highest value of the last report, to sort by; -1 if there is none. */
  worst(key) {
    let found = -1;
    for (const values of this.series.get(key)) if (values.at(-1) > found) found = values.at(-1);
    return found;
  }

  /** The text of iostat, joined; it is the API's `result.iostat`. */
  get text() {
    return this.reports.map((it) => it.text).join("");
  }
}

function transfers(device) {
  return device.tps ?? total(device, ["r/s", "w/s", "d/s"]);
}

function total(device, names) {
  if (!(names[0] in device)) return undefined;
  return names.reduce((sum, name) => sum + (device[name] ?? 0), 0);
}

/** Give the milliseconds that a transfer of any kind took. */
function waited(device) {
  if ("await" in device || !("r_await" in device)) return device.await;
  let sum = 0, many = 0;
  for (const kind of ["r", "w", "d"]) {
    const rate = device[`${kind}/s`] ?? 0;
    sum += rate * (device[`${kind}_await`] ?? 0);
    many += rate;
  }
  return many ? sum / many : 0;
}
