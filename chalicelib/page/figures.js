/** The arithmetic of plots: ticks, units, scales and lines. Knows no element. */

/** Steps of a time axis, in seconds. */
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200];
const DAY = 86400;
const PREFIXES = ["µ", "m", "", "k", "M", "G", "T", "P"];

/** Give the smallest of 1, 2, 5, 10, 20, 50 … that is at least `value`. */
export function step(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const found = [1, 2, 5, 10].find((it) => it * power >= value * (1 - 1e-9));
  return Number((found * power).toPrecision(1));
}

/** Give the ticks from 0 up, at most `most` steps of 1, 2 or 5; the last is at least `top`. */
export function ticks(top, most = 4) {
  const by = step((top || 1) / most);
  const count = Math.max(1, Math.ceil((top || 1) / by - 1e-9));
  return Array.from({ length: count + 1 }, (_, at) => Number((at * by).toPrecision(12)));
}

/** Give the times (seconds since the epoch) of a time axis, at most `most`, whole on the clock. */
export function timeTicks(from, to, most) {
  const least = (to - from) / most;
  const by = TIMES.find((it) => it >= least) ?? Math.ceil(least / DAY) * DAY;
  const shift = new Date(from * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let at = Math.ceil((from - shift) / by) * by + shift; at <= to; at += by) found.push(at);
  return found;
}

/** Give the seconds that a time axis shows when `elapsed` have passed of `planned`. */
export function span(elapsed, planned) {
  if (planned <= 120) return Math.max(planned, elapsed, 1);
  const room = Math.max(elapsed * 1.1, 30);
  const found = TIMES.find((it) => it >= room) ?? Math.ceil(room / DAY) * DAY;
  return Math.max(Math.min(found, planned), elapsed);
}

/**
 * Write a number with three digits and a prefix of the SI, such as "1.5 MB/s" or "12 ms".
 * It is the prefix that `like` would have: the numbers of one axis have the same.
 */
export function si(value, unit = "", like = value) {
  if (!Number.isFinite(value)) return "–";
  if (unit === "%") return `${short(value)} %`;
  let at = 2, scaled = Math.abs(like);
  while (scaled >= 999.5 && at < PREFIXES.length - 1) (scaled /= 1000), at++;
  // A number without a unit, such as a length of a queue, is not written in thousandths.
  const least = unit === "s" ? 0 : 2;
  while (scaled && scaled < 0.9995 && at > least) (scaled *= 1000), at--;
  return `${short(value / 1000 ** (at - 2))} ${PREFIXES[at]}${unit}`.trim();
}

function short(value) {
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** Write a time, in seconds since the epoch, as the clock of here shows it. */
export function clock(at, seconds = true) {
  return new Date(at * 1000).toTimeString().slice(0, seconds ? 8 : 5);
}

/**
 * Give a line as the `d` of a path, in tenths of a pixel: points `from` to `to` (excluded).
 *
 * `scale` is {x0, perX, height, perY, gap}: pixels per second and per unit, and the seconds without
 * a report after which the line has a gap. Of many points in one column of pixels only the first,
 * the lowest, the highest and the last are drawn, so a peak is never lost.
 */
export function line(times, values, from, to, scale) {
  const made = [];
  let column = NaN, count = 0, sum = 0, first = 0, last = 0, low = 0, high = 0;
  let open = false, kept = NaN, flatX = NaN, before = NaN;
  const put = (x, y) => {
    if (open && y === kept) return (flatX = x);
    if (flatX === flatX) made.push("L", flatX, " ", kept);
    made.push(open ? "L" : "M", x, " ", y);
    open = true;
    kept = y;
    flatX = NaN;
  };
  const flush = () => {
    if (!count) return;
    const x = count === 1 ? sum : Math.round(column * 10 + 5);
    put(x, first);
    if (count > 2) put(x, high), put(x, low);
    if (count > 1) put(x, last);
    count = 0;
  };
  const end = () => {
    flush();
    if (flatX === flatX) made.push("L", flatX, " ", kept);
    // A point alone has a length of nothing, but round ends.
    else if (open) made.push("h0");
    open = false;
    flatX = NaN;
  };
  for (let at = from; at < to; at++) {
    const value = values[at], time = times[at];
    if (value !== value) {
      end();
      before = NaN;
      continue;
    }
    if (time - before > scale.gap) end();
    before = time;
    const px = (time - scale.x0) * scale.perX;
    const y = Math.round((scale.height - value * scale.perY) * 10);
    const here = Math.floor(px);
    if (here !== column || !count) {
      flush();
      column = here;
      sum = Math.round(px * 10);
      first = low = high = y;
    }
    count++;
    last = y;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  end();
  return made.join("");
}

/** Give the place of the time nearest to `at` in times that rise; -1 if there is none. */
export function nearest(times, at) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - times[low - 1] < times[low] - at ? low - 1 : high < 0 ? -1 : low;
}
