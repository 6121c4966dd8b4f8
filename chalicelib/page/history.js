/** The history: windows of everybody, the newest first. */

import { ask, following } from "./api.js";
import { make, moment, say } from "./dom.js";

/** Make the view. */
export function makeHistory(section) {
  const form = section.querySelector("form");
  const rows = section.querySelector("tbody");
  const more = section.querySelector(".more");
  const [problem, none] = [section.querySelector(".problem"), section.querySelector(".none")];
  let next = null, shown = 0;

  function show() {
    look(first(), true);
  }

  function first() {
    const query = new URLSearchParams({ limit: 50 });
    for (const name of ["state", "host", "owner"]) {
      const value = form.elements[name].value.trim();
      if (value) query.set(name, value);
    }
    return `v3/task/?${query}`;
  }

  async function look(path, anew) {
    const mine = ++shown;
    more.disabled = true;
    try {
      const { body } = await ask("GET", path);
      if (mine !== shown) return;
      if (anew) rows.replaceChildren();
      rows.append(...body.tasks.map(entry));
      next = following(body);
      more.hidden = !next;
      say(problem, "");
      say(none, rows.rows.length ? "" : next ? "None so far; see more." : "No window is like that.");
    } catch (error) {
      say(problem, error.message);
    }
    more.disabled = false;
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    look(first(), true);
  };
  form.elements.state.onchange = () => look(first(), true);
  more.onclick = () => look(next, false);

  return { show };
}

function entry({ task_id: id, state, created_at: created, owner, request, links }) {
  const { host, count, wait, what } = request;
  const word = make("span", { className: "state", textContent: state });
  word.dataset.state = state;
  const size = what === "uptime" ? "uptime" : `${count} × ${wait} s`;
  const group = links.find(({ rel }) => rel === "group")?.href.split("/").pop();
  const whole = group ? [make("a", { href: `#group=${group}` }, "group")] : [];
  return make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `#task=${id}` }, moment(created))),
    make("td", {}, word),
    make("td", {}, host ?? "–"),
    make("td", {}, size),
    make("td", {}, owner ?? "–"),
    make("td", {}, ...whole));
}
