/** Requests to the service. Each bears the login itself, so the browser never asks for one. */

const ROOT = new URL("../", import.meta.url);
/** Seconds after which an answer no longer comes; the longest is held for 20. */
const PATIENCE = 30;
/** Tries of a request that may be sent twice, and the seconds between the first two. */
const TRIES = 5, PAUSE = 0.5;

/** The login is here and nowhere else: it is gone with the tab. */
let authorization = null;
let refused = () => {};
let turn = Promise.resolve();

/** What went wrong with a request: a status of HTTP, 0 if nothing answered, and a sentence. */
export class Problem extends Error {
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may work a moment later. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Use this login from now on. `onRefused` is called once when the service no longer takes it. */
export function use(username, password, onRefused) {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  authorization = "Basic " + btoa(String.fromCharCode(...bytes));
  refused = onRefused;
}

/** Forget the login. */
export function forget() {
  authorization = null;
  refused = () => {};
}

/** Wait so many seconds, or less if the signal comes. */
export function sleep(seconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Send a request at once, and give {body, headers, status}. Throws a Problem. */
export async function send(method, path, { json, key, signal } = {}) {
  const late = AbortSignal.timeout(PATIENCE * 1000);
  const headers = {};
  if (authorization) headers.Authorization = authorization;
  if (json) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer, text;
  try {
    answer = await fetch(new URL(path, ROOT), {
      method,
      headers,
      body: json && JSON.stringify(json),
      cache: "no-store",
      credentials: "omit",
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    text = await answer.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "The service does not answer.");
  }
  const body = read(text);
  if (answer.ok && body !== undefined) {
    return { body, headers: answer.headers, status: answer.status };
  }
  if (answer.status === 401) {
    const tell = refused;
    forget();
    tell();
  }
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  throw new Problem(answer.ok ? 0 : answer.status, body?.detail ?? "The answer is unreadable.", wait);
}

/** Send a request when the one before it is answered: never more than one beside the held one. */
export function ask(method, path, options) {
  const mine = turn.then(() => send(method, path, options));
  turn = mine.catch(() => {});
  return mine;
}

/** Send a request that may be sent twice, until it is answered or has been tried often enough. */
export async function insist(method, path, options) {
  for (let tried = 1; ; tried++) {
    try {
      return await ask(method, path, options);
    } catch (problem) {
      if (!problem.passes || tried === TRIES) throw problem;
      await sleep(Math.min(problem.retryAfter || PAUSE * 2 ** tried, 5));
    }
  }
}

/** Give every entry of a list, page after page. */
export async function all(path, name) {
  const found = [];
  for (let next = path; next; ) {
    const { body } = await ask("GET", next);
    found.push(...body[name]);
    next = following(body);
  }
  return found;
}

/** Give the path of the next page of a list, or null. */
export function following(body) {
  const href = body.links?.find((it) => it.rel === "next")?.href;
  return href ? href.slice(href.indexOf("v3/")) : null;
}

/** Give an Idempotency-Key that nobody else has. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (it) => it.toString(36)).join("-");
}

function read(text) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
