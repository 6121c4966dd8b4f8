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

/** Give a button that asks to be pressed twice, within 5 seconds, before it acts. */
export function twice(label, name, act) {
  const button = make("button", { type: "button", className: "quiet", textContent: label });
  button.setAttribute("aria-label", `${label} ${name}`);
  let waiting = 0;
  const calm = () => {
    waiting = 0;
    button.textContent = label;
    button.setAttribute("aria-label", `${label} ${name}`);
  };
  button.onclick = () => {
    if (waiting) {
      clearTimeout(waiting);
      calm();
      act();
    } else {
      button.textContent = "Sure?";
      button.setAttribute("aria-label", `${label} ${name}: sure? Press again.`);
      waiting = setTimeout(calm, 5000);
    }
  };
  return button;
}

/** Write a time of the API, or milliseconds since the epoch, as a date and time of here. */
export function moment(time) {
  if (!time) return "–";
  const options = { dateStyle: "short", timeStyle: "medium" };
  return new Intl.DateTimeFormat(undefined, options).format(new Date(time));
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
