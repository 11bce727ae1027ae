// Reads the numbers of pack_timeline.cc, whose head comment gives their order, into typed arrays: a million events fit.
"use strict";

async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Numbers {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  next() {
    let number = 0, scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Error("the data ends too early");
      number += (byte & 127) * scale;
      if (byte < 128) return number;
      scale *= 128;
    }
  }
  signed() { const folded = this.next(); return folded % 2 ? -(folded - 1) / 2 - 1 : folded / 2; }
}

function readProgram(numbers, schedule) {
  const p = schedule.devices = numbers.next();
  schedule.microBatches = numbers.next();
  schedule.numChunks = numbers.next();
  const chunks = Array.from({ length: p }, () => Array.from({ length: numbers.next() }, () => numbers.next()));
  schedule.events = chunks.map((of) => {
    const count = numbers.next();
    const events = { count, kind: new Uint8Array(count), chunk: new Int32Array(count), shade: new Uint8Array(count),
      microBatch: new Int32Array(count) };
    const last = {};
    for (let i = 0; i < count; ++i) {
      const code = numbers.next(), local = Math.floor(code / 16);
      last[code] = (last[code] || 0) + numbers.signed();
      events.kind[i] = code % 16;
      events.chunk[i] = of.length ? of[local] : 0;
      events.shade[i] = local % 3;
      events.microBatch[i] = last[code];
    }
    return events;
  });
  schedule.receives = chunks.map((of) => {
    const count = numbers.next();
    const receives = { count, from: new Int32Array(count), gradient: new Uint8Array(count),
      chunk: new Int32Array(count), microBatch: new Int32Array(count) };
    let last = 0;
    for (let i = 0; i < count; ++i) {
      receives.from[i] = numbers.next();
      const code = numbers.next();
      receives.gradient[i] = code % 2;
      receives.chunk[i] = of.length ? of[Math.floor(code / 2)] : 0;
      receives.microBatch[i] = last += numbers.signed();
    }
    return receives;
  });
  schedule.collectives = chunks.map(() => {
    const count = numbers.next();
    const collectives = { count, kind: new Uint8Array(count), group: new Int32Array(count) };
    for (let i = 0; i < count; ++i) {
      collectives.kind[i] = numbers.next();
      collectives.group[i] = numbers.next();
    }
    return collectives;
  });
}

function readEvents(numbers, events) {
  const { count } = events;
  const row = { start: new Float64Array(count), end: new Float64Array(count), path: new Uint8Array(count),
    waitDevice: new Int32Array(count).fill(-1), waitEvent: new Int32Array(count) };
  const last = {};
  let end = 0;
  for (let i = 0; i < count; ++i) {
    const key = events.kind[i] + 16 * events.chunk[i];
    const gap = numbers.signed();
    row.start[i] = end + gap;
    last[key] = (last[key] || 0) + numbers.signed();
    end = row.end[i] = row.start[i] + last[key];
    row.path[i] = numbers.next();
    if (gap === 0) continue;
    row.waitDevice[i] = numbers.next() - 1;
    if (row.waitDevice[i] >= 0) row.waitEvent[i] = numbers.next();
  }
  return row;
}

function readIdle(numbers) {
  const count = numbers.next();
  const idle = { count, cause: new Uint8Array(count), start: new Float64Array(count), end: new Float64Array(count),
    before: new Int32Array(count) };
  let end = 0;
  for (let i = 0; i < count; ++i) {
    idle.cause[i] = numbers.next();
    idle.start[i] = end + numbers.signed();
    end = idle.end[i] = idle.start[i] + numbers.next();
    idle.before[i] = numbers.next() - 1;
  }
  return idle;
}

// Of receives or collectives.
function readTimes(numbers, lane) {
  const { count } = lane;
  const row = { start: new Float64Array(count), end: new Float64Array(count), path: new Uint8Array(count) };
  let start = 0, duration = 0;
  for (let i = 0; i < count; ++i) {
    row.start[i] = start += numbers.signed();
    row.end[i] = start + (duration += numbers.signed());
    row.path[i] = numbers.next();
  }
  return row;
}

function readMemory(numbers, devices) {
  const inBytes = numbers.next() === 1;
  const peak = numbers.next();
  const rows = Array.from({ length: devices }, () => {
    const count = numbers.next();
    const row = { count, at: new Float64Array(count), live: new Float64Array(count) };
    let at = 0, live = 0;
    for (let i = 0; i < count; ++i) {
      row.at[i] = at += numbers.signed();
      row.live[i] = live += numbers.signed();
    }
    return row;
  });
  const peaks = rows.map((row) => row.live.reduce((a, b) => Math.max(a, b), 0));
  return { inBytes, peak, rows, fullest: peaks.indexOf(Math.max(...peaks)) };
}

// `about.schedules` with their events.
function readAll(about, bytes) {
  const numbers = new Numbers(bytes);
  for (const schedule of about.schedules) {
    readProgram(numbers, schedule);
    for (const timeline of schedule.timelines) {
      timeline.step = numbers.next();
      timeline.events = schedule.events.map((events) => readEvents(numbers, events));
      timeline.idle = schedule.events.map(() => readIdle(numbers));
      timeline.transfers = schedule.receives.map((receives) => readTimes(numbers, receives));
      timeline.collectives = schedule.collectives.map((collectives) => readTimes(numbers, collectives));
      timeline.memory = readMemory(numbers, schedule.devices);
    }
  }
  if (numbers.at !== bytes.length) throw new Error("the data has more than is described");
  return about;
}
