// Times, amounts and instructions as text.
"use strict";

function duration(ns) {
  const abs = Math.abs(ns);
  const [value, unit] = abs < 1e3 ? [ns, "ns"] : abs < 999.5e3 ? [ns / 1e3, "µs"] :
    abs < 999.5e6 ? [ns / 1e6, "ms"] : [ns / 1e9, "s"];
  return unit === "ns" ? `${Math.round(value)} ns` : `${value.toPrecision(3)} ${unit}`;
}

// A point in time, to a thousandth of the stretch `length` that is shown.
function instant(ns, length) {
  const [scale, unit] = length < 1e4 ? [1, "ns"] : length < 1e7 ? [1e3, "µs"] : length < 1e10 ? [1e6, "ms"] : [1e9, "s"];
  const digits = Math.max(0, Math.min(6, Math.ceil(3 - Math.log10(length / scale))));
  return `${(ns / scale).toFixed(digits)} ${unit}`;
}

// A tick of an axis whose ticks are `step` apart, in the unit in which duration() shows `longest`.
function tickLabel(ns, step, longest) {
  if (ns === 0) return "0";
  const [scale, unit] = longest < 1e3 ? [1, "ns"] : longest < 999.5e3 ? [1e3, "µs"] :
    longest < 999.5e6 ? [1e6, "ms"] : [1e9, "s"];
  return `${(ns / scale).toFixed(Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9)))} ${unit}`;
}

function percent(ratio) { return `${(100 * ratio).toFixed(1)} %`; }

function amount(live, inBytes) {
  if (!inBytes) return `${+(live / 1000).toFixed(2)} micro-batches`;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (live >= 1000 && unit < 4) { live /= 1024; ++unit; }
  return `${unit ? live.toPrecision(3) : live} ${units[unit]}`;
}

// As "forward, chunk 3, micro-batch 5".
function nameOfEvent(about, schedule, device, event) {
  const events = schedule.events[device];
  const microBatch = events.microBatch[event];
  return `${about.kinds[events.kind[event]].name}, chunk ${events.chunk[event]}` +
    (microBatch >= 0 ? `, micro-batch ${microBatch}` : "");
}

// The text for an event or an idle span: [heading, lines, on the critical path?].
function describeHit(about, hit, length) {
  const { schedule, timeline, number } = hit.panel;
  const lines = [];
  const waits = (event) => {
    const row = timeline.events[hit.device];
    const device = row.waitDevice[event];
    return device < 0 ? "" : `${nameOfEvent(about, schedule, device, row.waitEvent[event])} on device ${device}`;
  };
  if (hit.event !== undefined) {
    const row = timeline.events[hit.device];
    const took = row.end[hit.event] - row.start[hit.event];
    lines.push(`device ${hit.device}, ${instant(row.start[hit.event], length)} to ${instant(row.end[hit.event], length)}`);
    lines.push(`took ${duration(took)}`);
    schedule.timelines.forEach((other, index) => {
      if (index === number) return;
      const theirs = other.events[hit.device];
      lines.push(`${other.name}: ${duration(theirs.end[hit.event] - theirs.start[hit.event])}, from ` +
        instant(theirs.start[hit.event], length));
    });
    const before = hit.event > 0 ? row.end[hit.event - 1] : 0;
    const waitedFor = waits(hit.event);
    if (row.start[hit.event] > before && waitedFor) {
      lines.push(`after ${duration(row.start[hit.event] - before)} of waiting for ${waitedFor}`);
    }
    const onPath = row.path[hit.event] === 1;
    return [nameOfEvent(about, schedule, hit.device, hit.event), lines, onPath];
  }
  const spans = timeline.idle[hit.device];
  const cause = about.causes[spans.cause[hit.idle]];
  lines.push(`device ${hit.device}, ${instant(spans.start[hit.idle], length)} to ${instant(spans.end[hit.idle], length)}`);
  lines.push(`${duration(spans.end[hit.idle] - spans.start[hit.idle])}: ${cause.words}`);
  const before = spans.before[hit.idle];
  if (before >= 0) {
    lines.push(`before ${nameOfEvent(about, schedule, hit.device, before)}`);
    const waitedFor = waits(before);
    if (waitedFor) lines.push(`which waited for ${waitedFor}`);
  }
  return [`idle: ${cause.name}`, lines, null];
}
