/** The history: windows of everybody, the newest first. */

import { ask, following } from "./api.js";
import { badge, make, moment, onSend, parts, row, say, size } from "./dom.js";

/** Make the view. */
export function makeHistory(section) {
  const form = section.querySelector("form");
  const rows = section.querySelector("tbody");
  const [problem, none, more] = parts(section, "problem", "none", "more");
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
      rows.closest(".scroll").hidden = !rows.rows.length;
      say(none, rows.rows.length ? "" : "No measurement matches this filter.");
    } catch (error) {
      say(problem, error.message);
    }
    more.disabled = false;
  }

  onSend(form, show);
  form.elements.state.onchange = show;
  more.onclick = () => look(next, false);

  return { show };
}

function entry({ task_id: id, state, created_at: created, owner, request, links }) {
  const { host, what } = request;
  const group = links.find(({ rel }) => rel === "group")?.href.split("/").pop();
  const whole = group ? make("a", { href: `#group=${group}` }, "group") : "–";
  const name = make("a", { href: `#task=${id}` }, moment(created));
  return row(name, badge(state), host ?? "–", what ?? size(request), owner ?? "–", whole);
}
