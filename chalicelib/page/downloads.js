/** What can be taken along: iostat's text, CSV and the API's JSON. */

/** Offer a text as a file. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Give the texts of iostat: of one host as it is, of many under their names. */
export function text(runs) {
  if (runs.length === 1) return runs[0].text;
  return runs.map((run) => `==> ${run.host} <==\n${run.text}`).join("\n");
}

/** Give a row for each device and report, under one row of names. */
export function csv(runs) {
  const rows = [];
  let columns = null;
  for (const { host, reports } of runs) {
    for (const { index, at, since_boot: boot, devices } of reports) {
      for (const device of devices) {
        columns ??= Object.keys(device);
        rows.push([host, index, at, boot, ...columns.map((name) => device[name])]);
      }
    }
  }
  rows.unshift(["host", "index", "at", "since_boot", ...(columns ?? ["device"])]);
  return rows.map((row) => row.map(field).join(",") + "\r\n").join("");
}

/** Give the API's own answer, with the reports of all its pages. */
export function json(body, runs, grouped) {
  const reports = runs.flatMap(({ host, reports }) =>
    grouped ? reports.map((it) => ({ host, ...it })) : reports);
  const whole = { ...body, reports };
  // The result of an answer lacks what came with the answers before it.
  if (body.result?.iostat !== undefined) whole.result = { iostat: text(runs) };
  return JSON.stringify(whole, null, 1) + "\n";
}

function field(value) {
  const written = String(value ?? "");
  return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
}
