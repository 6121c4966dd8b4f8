/** Elements: made by hand, so that no text is ever read as HTML; and how times are written. */

const SVG = "http://www.w3.org/2000/svg";

/** Make an element with these properties (or attributes, where there is no such property). */
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Make an element of SVG with these attributes. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Set the text of an element. Nothing is done if it is that already: screen readers read news. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/** Give the elements of a section that have these classes. */
export function parts(section, ...names) {
  return names.map((name) => section.querySelector(`.${name}`));
}

/** Do `act` when a form is sent, in the place of the browser. */
export function onSend(form, act) {
  form.onsubmit = (event) => {
    event.preventDefault();
    act();
  };
}

/** Give a button that stands back. */
export function quiet(textContent, more) {
  return make("button", { type: "button", className: "quiet", textContent, ...more });
}

/** Give the word of a state. */
export function badge(state = "") {
  return make("span", { className: "state", textContent: state, "data-state": state });
}

/** Give a row of a table, whose first cell names it. */
export function row(name, ...cells) {
  const made = [make("th", { scope: "row" }, ...[name].flat())];
  return make("tr", {}, ...made, ...cells.map((it) => make("td", {}, ...[it].flat())));
}

/** Give a button that asks to be pressed twice, within 5 seconds, before it acts. */
export function twice(label, name, act) {
  const button = quiet(label, { className: "quiet bad" });
  let waiting = 0;
  const ask = (text, more) => {
    button.textContent = text;
    button.classList.toggle("sure", Boolean(more));
    button.ariaLabel = `${label} ${name}${more}`;
  };
  const calm = () => {
    clearTimeout(waiting);
    waiting = 0;
    ask(label, "");
  };
  button.onclick = () => {
    if (waiting) return calm(), act();
    ask("Sure?", ": sure? Press again.");
    waiting = setTimeout(calm, 5000);
  };
  calm();
  return button;
}

/** Name the first of many. */
export function some(names) {
  const more = names.length - 5;
  return names.slice(0, 5).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Write how many reports a request asks for. */
export function size({ count, wait }) {
  return count > 1 ? `${count} reports, ${wait} s apart` : "1 report";
}

/** Write a time of the API, or milliseconds since the epoch, as a date and time of here. */
export function moment(time) {
  if (!time) return "–";
  return new Date(time).toLocaleString();
}

/** Write how long ago that time of the API was. */
export function ago(time) {
  if (!time) return "never";
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  return `${lasting(seconds)} ago`;
}

/** Write a number of seconds in its largest unit. */
export function lasting(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}
