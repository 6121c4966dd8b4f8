/** Following a task or a group by one held request, over networks that go and tabs that hide. */

import { send, sleep } from "./api.js";

/** Seconds that an answer is held, and those between two tries when nothing answers. */
const HOLD = 20, FIRST_PAUSE = 0.5, LAST_PAUSE = 4;

const ENDED = ["SUCCESS", "FAILURE", "REVOKED"];

/** Tell whether a task or a group in that state has ended. */
export function ended(state) {
  return ENDED.includes(state);
}

/**
 * Follow what is at `path` until it has ended and every report is in, or the signal comes.
 *
 * `heard` gets each body; `lost` gets the Problem of a request that is tried again, or null when
 * one was answered. A hidden tab asks nothing, and goes on where it was. Throws a Problem.
 */
export async function follow(path, { signal, heard, lost }) {
  let since = null, hold = 0, pause = 0;
  while (!signal.aborted) {
    await shown(signal);
    const begun = performance.now();
    const cut = new AbortController();
    const hide = () => document.hidden && cut.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const query = new URLSearchParams({ detail: 1, text: 1, timeout: hold });
      if (since !== null) query.set("since", since);
      const both = AbortSignal.any([signal, cut.signal]);
      const { body, headers } = await send("GET", `${path}?${query}`, { signal: both });
      const more = headers.get("Link")?.includes('rel="next"');
      const news = body.next !== since;
      lost(null);
      since = body.next;
      hold = HOLD;
      pause = 0;
      heard(body);
      if (ended(body.state) && !more) return;
      // An answer that could not be held comes at once, and must not be asked for without end.
      if (!news && !more && performance.now() - begun < 1000) await sleep(1, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (cut.signal.aborted) continue;
      if (!error.passes) throw error;
      lost(error);
      pause = Math.min(pause * 2 || FIRST_PAUSE, LAST_PAUSE);
      await sleep(Math.max(pause, Math.min(error.retryAfter, 30)), signal);
      hold = 0;
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
  }
}

/** Wait until somebody can see the tab, or the signal comes. */
export function shown(signal) {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
}
