/** A window while it is measured, and after: of one task, or of a group of hosts. */

import { ask, insist } from "./api.js";
import { make, say, size, some } from "./dom.js";
import { csv, json, save, text } from "./downloads.js";
import { Multiples } from "./multiples.js";
import { Panel } from "./panel.js";
import { Run } from "./run.js";
import { ended, follow } from "./watch.js";

/** Make the view of a window. `title` is called with what it shows. */
export function makeWindow(section, title) {
  const at = (name) => section.querySelector(`.${name}`);
  const buttons = Object.fromEntries(["stop", "text", "csv", "json"].map((it) => [it, at(it)]));
  let seen = null;

  function show(kind, id) {
    const stopped = new AbortController();
    seen = { kind, id, path: `v3/${kind}/${id}`, runs: new Map(), body: null, stopped };
    for (const name of ["state", "progress", "problem", "news", "network"]) say(at(name), "");
    at("title").textContent = kind === "task" ? "A window" : "A window of several hosts";
    at("panels").replaceChildren();
    for (const button of Object.values(buttons)) button.disabled = true;
    buttons.stop.hidden = at("end").hidden = false;
    const mine = seen;
    const heard = (body) => seen === mine && hear(body);
    const lost = (problem) => say(at("network"), problem ? `${problem.message} Trying again …` : "");
    follow(mine.path, { signal: stopped.signal, heard, lost }).catch((problem) => {
      if (seen !== mine) return;
      say(at("network"), "");
      at("end").hidden = !seen.body;
      const gone = `There is no such ${kind}, or it has expired.`;
      say(at("problem"), problem.status === 404 ? gone : problem.message);
    });
  }

  function leave() {
    seen?.stopped.abort();
    seen?.panel?.end();
    seen?.multiples?.end();
    seen = null;
    at("panels").replaceChildren();
  }

  function hear(body) {
    seen.body = body;
    if (seen.kind === "task") hearTask(body);
    else hearGroup(body);
    const over = ended(body.state);
    say(at("state"), body.state);
    at("state").dataset.state = body.state;
    buttons.stop.hidden = over;
    buttons.stop.disabled = Boolean(seen.stopping);
    for (const name of ["text", "csv", "json"]) buttons[name].disabled = !any();
    seen.panel?.renew();
    seen.multiples?.renew();
  }

  function entitle(text) {
    at("title").textContent = text;
    title(text);
  }

  function entitleGroup() {
    entitle(seen.request ? `${seen.hosts}: ${size(seen.request)}` : seen.hosts);
  }

  const any = () => [...seen.runs.values()].some((it) => it.reports.length);

  function hearTask(body) {
    const name = body.request.host ?? body.host ?? "the worker that takes it";
    let run = seen.runs.get("");
    if (!run) {
      run = new Run(name, body.request);
      seen.runs.set("", run);
      seen.panel = new Panel(run, "h2");
      at("panels").replaceChildren(seen.panel.element);
    }
    run.host = name;
    run.ended = ended(body.state);
    for (const report of body.reports) run.add(report);
    run.uptime = body.result?.uptime;
    entitle(`${name}: ${body.request.what ?? size(body.request)}`);
    say(at("progress"), `${run.reports.length} of ${body.progress.of} reports`);
    say(at("problem"), body.state === "FAILURE" ? String(body.result ?? "It failed.") : "");
  }

  function hearGroup(body) {
    if (!seen.multiples) {
      seen.multiples = new Multiples(openHost);
      at("panels").replaceChildren(seen.multiples.element, make("div", { className: "one" }));
      learnRequest(body.tasks[0].task_id);
    }
    const failed = [];
    for (const { host, state, why } of body.tasks) {
      if (!seen.runs.has(host)) {
        const run = new Run(host, seen.request);
        seen.runs.set(host, run);
        seen.multiples.add(run);
      }
      const run = seen.runs.get(host);
      run.failed = state === "FAILURE";
      if (run.failed) failed.push(host);
      Object.assign(run, { state, why, ended: ended(state) });
    }
    for (const { host, ...report } of body.reports) {
      const run = seen.runs.get(host);
      if (report.devices) run.add(report);
      else run.uptime = report.uptime;
    }
    const { hosts, ...states } = body.counts;
    seen.hosts = `${hosts} hosts`;
    entitleGroup();
    const counts = Object.entries(states).filter(([, many]) => many);
    say(at("progress"), counts.map(([state, many]) => `${many} ${state}`).join(", "));
    say(at("problem"), failed.length ? `Failed: ${some(failed)}.` : "");
  }

  /** A group says nothing of its numbers; its tasks do. */
  async function learnRequest(taskId) {
    const mine = seen;
    const { body } = await ask("GET", `v3/task/${taskId}?detail=1&since=1`).catch(() => ({}));
    if (!body?.request || seen !== mine) return;
    mine.request = body.request;
    for (const run of mine.runs.values()) run.expect(body.request);
    entitleGroup();
    mine.multiples.renew();
  }

  function openHost(run) {
    seen.panel?.end();
    seen.panel = new Panel(run, "h3");
    const heading = make("h2", { tabIndex: -1 }, run.host);
    section.querySelector(".one").replaceChildren(heading, seen.panel.element);
    seen.panel.renew();
    heading.focus();
  }

  buttons.stop.onclick = async () => {
    const mine = seen;
    mine.stopping = true;
    buttons.stop.disabled = true;
    say(at("news"), "Stopping …");
    try {
      await insist("DELETE", mine.path);
      if (seen === mine) say(at("news"), "It is cancelled. What was measured is kept.");
    } catch (problem) {
      if (seen !== mine) return;
      mine.stopping = false;
      buttons.stop.disabled = false;
      // It had ended already: the state says how.
      say(at("news"), problem.status === 409 ? "" : problem.message);
    }
  };

  const runs = () => [...seen.runs.values()];
  const file = (ending) => `hoststat-${seen.id}.${ending}`;
  buttons.text.onclick = () => save(file("txt"), "text/plain", text(runs()));
  buttons.csv.onclick = () => save(file("csv"), "text/csv", csv(runs()));
  buttons.json.onclick = () =>
    save(file("json"), "application/json", json(seen.body, runs(), seen.kind === "group"));

  return { show, leave };
}
