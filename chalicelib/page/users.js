/** The users: everybody may read them, admins may change them. */

import { all, ask, insist } from "./api.js";
import { onSend, parts, quiet, row, say, twice } from "./dom.js";

/** Make the view. */
export function makeUsers(section) {
  const rows = section.querySelector("tbody");
  const form = section.querySelector("form");
  const [problem, news, cancel] = parts(section, "problem", "news", "cancel");
  const legend = form.querySelector("legend");
  const { username, fullname, password, admin, submit } = form.elements;
  let asking = null, changed = null;

  function show(user) {
    asking = user;
    form.hidden = !user.admin;
    section.classList.toggle("admin", user.admin);
    say(problem, "");
    say(news, "");
    edit(null);
    look();
  }

  async function look() {
    await attempt(async () => {
      const found = await all("v3/users/?detail=1&limit=1000", "users");
      rows.replaceChildren(...found.map(entry));
    });
  }

  function entry(user) {
    const { username: name } = user;
    const change = quiet("Change", { ariaLabel: `Change ${name}` });
    change.onclick = () => (edit(user), fullname.focus());
    const act = asking.admin ? [change, " ", twice("Delete", name, () => remove(name))] : [];
    return row(name, user.fullname, user.admin ? "admin" : "user", act);
  }

  /** Let the form change that user, or add one if it is null. */
  function edit(user) {
    changed = user;
    form.reset();
    legend.textContent = user ? `Change ${user.username}` : "Add a user";
    submit.textContent = user ? "Save" : "Add";
    cancel.hidden = !user;
    password.placeholder = user ? "as before" : "";
    if (!user) return;
    username.value = user.username;
    fullname.value = user.fullname;
    admin.checked = user.admin;
  }

  async function remove(name) {
    await attempt(async () => {
      await insist("DELETE", `v3/users/${encodeURIComponent(name)}`);
      say(news, `${name} is deleted.`);
    });
    await look();
  }

  async function attempt(act) {
    try {
      await act();
      return true;
    } catch (error) {
      say(problem, error.message);
      return false;
    }
  }

  onSend(form, async () => {
    say(problem, "");
    say(news, "");
    const json = { username: username.value, fullname: fullname.value, admin: admin.checked };
    if (password.value || !changed) json.password = password.value;
    const [method, path] = changed
      ? ["PATCH", `v3/users/${encodeURIComponent(changed.username)}`]
      : ["POST", "v3/users/"];
    const done = await attempt(() => ask(method, path, { json }));
    if (!done) return;
    say(news, changed ? `${json.username} is changed.` : `${json.username} is added.`);
    edit(null);
    await look();
  });
  cancel.onclick = () => edit(null);

  return { show };
}
