/** The first view: hosts to choose from, and a window to start. */

import { insist, newKey, Problem } from "./api.js";
import { onSend, parts, say, some } from "./dom.js";
import { makeHosts } from "./hosts.js";

/** Seconds within which a host must begin; who waits at a page does not wait longer. */
const START_WITHIN = 30;
/** What is asked for first when a window shall go on until somebody stops it. */
const LONGEST = 10000;

/** Make the view. `onStart` gets "task" or "group", and the id. */
export function makeMeasure(section, onStart) {
  const hosts = makeHosts(section.querySelector(".hosts"), () => tell());
  const form = section.querySelector("form.start");
  const { count, wait, endless, extended, submit } = form.elements;
  const [problem, chosen] = parts(form, "problem", "chosen");

  function show(user) {
    say(problem, "");
    submit.disabled = false;
    hosts.show(user);
    tell();
  }

  function tell() {
    const { names, offline, known } = hosts.chosen();
    const none = known ? "No host is chosen: any free worker measures." : "";
    const late = offline.length ? ` Not online: ${some(offline)}.` : "";
    say(chosen, names.length ? `Chosen: ${some(names)}.${late}` : none);
  }

  endless.onchange = () => {
    count.disabled = endless.checked;
  };

  onSend(form, async () => {
    say(problem, "");
    submit.disabled = true;
    const request = { count: Number(count.value), wait: Number(wait.value) };
    if (endless.checked) request.count = LONGEST;
    if (extended.checked) request.extended = true;
    try {
      onStart(...(await start(hosts.chosen().names, request, endless.checked)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(problem, error.message);
    }
    submit.disabled = false;
  });

  return { show, leave: hosts.leave };
}

/** Start a window on these hosts. `shorten` takes a shorter one where the service wants that. */
async function start(names, request, shorten) {
  const key = newKey();
  try {
    return names.length > 1 ? await startGroup(names, request, key) : await startTask(names, request, key);
  } catch (problem) {
    const most = shorten && problem.status === 400 && longest(problem.message, request.wait);
    if (!most || most >= request.count) throw problem;
    return start(names, { ...request, count: most }, true);
  }
}

async function startTask(names, { count, wait, extended }, key) {
  const query = new URLSearchParams({ count });
  // A wait makes sense only between two reports.
  if (count !== 1) query.set("wait", wait);
  if (extended) query.set("extended", 1);
  if (names.length) {
    query.set("host", names[0]);
    query.set("start_within", START_WITHIN);
  }
  const { body } = await insist("POST", `v3/iostat/?${query}`, { key });
  return ["task", body.task_id];
}

async function startGroup(hosts, { wait, ...request }, key) {
  const json = { hosts, ...request, start_within: START_WITHIN };
  if (request.count !== 1) json.wait = wait;
  const { body } = await insist("POST", "v3/group/", { json, key });
  return ["group", body.group_id];
}

/** Give the longest count that a refusal allows: it names the reports or the seconds. */
function longest(sentence, wait) {
  const reports = /count must be a whole number from 1 to (\d+)/.exec(sentence);
  if (reports) return Number(reports[1]);
  const seconds = /at most (\d+) s are allowed/.exec(sentence);
  return seconds ? Math.floor(Number(seconds[1]) / wait) + 1 : 0;
}
