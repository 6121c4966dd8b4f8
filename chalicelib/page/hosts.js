/** The hosts: a table to choose from, renewed while somebody looks at it. */

import { all, insist, sleep } from "./api.js";
import { ago, badge, make, onSend, parts, row, say, twice } from "./dom.js";
import { shown } from "./watch.js";

/** Seconds between two looks. */
const RENEW = 10;

/** Make the table. `onChoice` is called when other hosts are chosen. */
export function makeHosts(section, onChoice) {
  const rows = section.querySelector("tbody");
  const [filter, every, many, problem, none, form] = parts(
    section, "filter", "every", "many", "problem", "none", "add");
  const known = new Map();
  let user = null, stopped = null;

  function show(asking) {
    user = asking;
    form.hidden = !user.admin;
    section.classList.toggle("admin", user.admin);
    stopped = new AbortController();
    look(stopped.signal);
  }

  function leave() {
    stopped?.abort();
  }

  async function look(signal) {
    while (!signal.aborted) {
      await shown(signal);
      if (signal.aborted) return;
      try {
        const found = await all("v3/hosts/?detail=1&limit=1000", "hosts");
        if (!signal.aborted) renew(found);
        say(problem, "");
      } catch (error) {
        // A service without hosts has no such path. A gateway says 403 of a path that is not there.
        if ([403, 404].includes(error.status)) return;
        say(problem, error.message);
      }
      await sleep(RENEW, signal);
    }
  }

  function renew(found) {
    section.hidden = false;
    const there = new Set(found.map(({ host }) => host));
    for (const [name, { row }] of known) {
      if (there.has(name)) continue;
      row.remove();
      known.delete(name);
    }
    let before = null;
    for (const host of found) {
      let entry = known.get(host.host);
      if (!entry) known.set(host.host, (entry = makeRow(host.host)));
      fill(entry, host);
      const place = before ? before.nextSibling : rows.firstChild;
      if (place !== entry.row) rows.insertBefore(entry.row, place);
      before = entry.row;
    }
    sift();
    onChoice();
  }

  function makeRow(name) {
    const box = make("input", { type: "checkbox", ariaLabel: name, onchange: choice });
    const problem = make("p", { className: "why", hidden: true });
    const act = user.admin ? twice("Remove", name, () => change("DELETE", name)) : "";
    const made = row([make("label", {}, box, name), problem], "", "", "", "", "", act);
    return { row: made, box, cells: [...made.cells].slice(1), problem, host: null };
  }

  function fill(entry, host) {
    entry.host = host;
    const { cells, problem } = entry;
    if (cells[0].textContent !== host.state) cells[0].replaceChildren(badge(host.state));
    const { busiest, load } = host;
    const disk = busiest ? `${busiest.device} ${Math.round(busiest.util)} %` : "–";
    const texts = [ago(host.seen_at), since(host.uptime), load?.map((it) => it.toFixed(2)).join(" ") ?? "–", disk];
    texts.forEach((text, at) => {
      if (cells[at + 1].textContent !== text) cells[at + 1].textContent = text;
    });
    say(problem, host.problem ?? "");
  }

  function sift() {
    const wanted = filter.value.trim().toLowerCase();
    let visible = 0;
    for (const [name, { row }] of known) {
      row.hidden = !name.includes(wanted);
      if (!row.hidden) visible++;
    }
    say(many, wanted && `${visible} of ${known.size}`);
    say(none, visible ? "" : known.size ? "No host has such a name." : "There are no hosts yet.");
    choice();
  }

  function choice() {
    const visible = [...known.values()].filter(({ row }) => !row.hidden);
    every.checked = visible.length > 0 && visible.every(({ box }) => box.checked);
    onChoice();
  }

  function chosen() {
    const entries = [...known.values()].filter(({ box }) => box.checked);
    return {
      names: entries.map(({ host }) => host.host),
      offline: entries.filter(({ host }) => host.state !== "online").map(({ host }) => host.host),
      known: known.size > 0,
    };
  }

  async function change(method, name) {
    try {
      await insist(method, `v3/hosts/${encodeURIComponent(name)}`);
      renew(await all("v3/hosts/?detail=1&limit=1000", "hosts"));
      say(problem, "");
      return true;
    } catch (error) {
      say(problem, error.message);
      return false;
    }
  }

  filter.oninput = sift;
  every.onchange = () => {
    for (const { row, box } of known.values()) if (!row.hidden) box.checked = every.checked;
    choice();
  };
  onSend(form, async () => {
    const { name } = form.elements;
    if (await change("PUT", name.value.trim())) name.value = "";
  });

  return { show, leave, chosen };
}

/** Give how long a host has been up, of what `uptime` prints there. */
function since(uptime) {
  return /up\s+(.+?),\s+\d+ users?/.exec(uptime ?? "")?.[1].replace(/\s+/g, " ") ?? uptime ?? "–";
}
