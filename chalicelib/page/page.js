/** The page: who is logged in, and which view the address asks for. */

import { forget } from "./api.js";
import { say } from "./dom.js";
import { makeHistory } from "./history.js";
import { makeLogin } from "./login.js";
import { makeMeasure } from "./measure.js";
import { makeUsers } from "./users.js";
import { makeWindow } from "./window.js";

const main = document.querySelector("main");
const known = document.querySelectorAll(".known");
const who = document.getElementById("who");
const sections = {};
// Only the view that is shown is in the document, so a label stands there once.
for (const section of main.querySelectorAll("section")) {
  sections[section.id] = section;
  section.hidden = false;
}
main.replaceChildren();

const open = (address) => {
  if (location.hash === address) route();
  else location.hash = address;
};
const title = (text) => (document.title = `${text} – hoststat`);
const views = {
  login: makeLogin(sections.login, logIn, () => logOut("Your login is no longer accepted.")),
  measure: makeMeasure(sections.measure, (kind, id) => open(`#${kind}=${id}`)),
  window: makeWindow(sections.window, title),
  history: makeHistory(sections.history),
  users: makeUsers(sections.users),
};
let user = null;
let current = null;

function show(name, ...given) {
  current?.leave?.();
  current = views[name];
  main.replaceChildren(sections[name]);
  const heading = sections[name].querySelector("h1");
  title(heading.textContent);
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#${name === "measure" ? "" : name}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  current.show(...given);
  if (name !== "login") heading.focus();
}

function route() {
  if (!user) return show("login", "");
  const found = /^#(task|group)=([\w~%-]+)$/.exec(location.hash);
  if (found) show("window", found[1], found[2]);
  else if (location.hash === "#history") show("history");
  else if (location.hash === "#users") show("users", user);
  else show("measure", user);
}

function logIn(found) {
  user = found;
  say(who, user.username);
  for (const it of known) it.hidden = false;
  route();
}

function logOut(why) {
  forget();
  user = null;
  for (const it of known) it.hidden = true;
  show("login", why);
}

document.getElementById("logout").onclick = () => logOut("");
addEventListener("hashchange", () => user && route());
document.getElementById("loading")?.remove();
route();
