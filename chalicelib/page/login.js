/** The login: a form, so that the browser's own dialog never comes up. */

import { forget, send, use } from "./api.js";
import { lasting, onSend, parts, say } from "./dom.js";

/** Make the view. `onUser` gets the user who has logged in, `onRefused` is for later refusals. */
export function makeLogin(section, onUser, onRefused) {
  const form = section.querySelector("form");
  const { username, password, submit } = form.elements;
  const [error, left] = parts(section, "problem", "left");
  let timer = 0;

  function show(why) {
    say(error, why);
    say(left, "");
    password.value = "";
    username.focus();
  }

  function leave() {
    clearInterval(timer);
    password.value = "";
  }

  /** Count down. Only the first sentence is read aloud. */
  function countDown(seconds) {
    const end = Date.now() + seconds * 1000;
    clearInterval(timer);
    const tell = () => {
      const rest = Math.ceil((end - Date.now()) / 1000);
      submit.disabled = rest > 0;
      say(left, rest > 0 ? `${lasting(rest)} left` : "Try again now.");
      if (rest <= 0) clearInterval(timer);
    };
    timer = setInterval(tell, 1000);
    tell();
  }

  onSend(form, async () => {
    clearInterval(timer);
    say(error, "");
    say(left, "");
    submit.disabled = true;
    const name = username.value;
    use(name, password.value, () => {});
    try {
      const user = await ofName(name);
      if (user) {
        use(name, password.value, onRefused);
        submit.disabled = false;
        return onUser(user);
      }
      say(error, "The user name or the password is wrong.");
    } catch (problem) {
      const wrong = problem.status === 401 || problem.status === 404;
      say(error, wrong ? "The user name or the password is wrong." : problem.message);
      if (problem.retryAfter && problem.status === 429) return countDown(problem.retryAfter);
    }
    forget();
    submit.disabled = false;
    password.select();
  });

  return { show, leave };
}

/** Give the user of that name, who is the one who asks; null if it is not a name of one. */
async function ofName(name) {
  const { body } = await send("GET", `v3/users/${encodeURIComponent(name)}`);
  return body?.username === name ? body : null;
}
