// The state of the view: the schedules and the stretch of time that are shown, and where each row is. Independent of
// canvas and mouse.
"use strict";

const LEFT = 74, RIGHT = 14, AXIS = 26, HEAD = 22, GAP = 12, MEMORY = 64;

class View {
  constructor(about) {
    this.about = about;
    this.chosen = [0];  // indices of schedules, from top to bottom
    this.options = { path: true, transfers: true, memory: true };
    this.longest = Math.max(1, ...about.schedules.flatMap((s) => s.timelines.map((t) => t.step)));
    // At first from 0 to the longest step that is at most 2.5 times the shortest.
    const steps = about.schedules.map((s) => Math.max(1, ...s.timelines.map((t) => t.step)));
    this.from = 0;
    this.to = Math.max(...steps.filter((step) => step <= 2.5 * Math.min(...steps)));
    this.width = 800;
    this.height = 600;
    this.panels = [];
  }

  // All schedules share the time axis: switching keeps the stretch.
  setRange(from, to) {
    const least = Math.min(this.longest, 50);  // ns
    let length = Math.min(Math.max(to - from, least), this.longest);
    this.from = Math.min(Math.max(from, 0), this.longest - length);
    this.to = this.from + length;
  }
  showWhole() {
    this.setRange(0, Math.max(1, ...this.chosen.flatMap((i) => this.about.schedules[i].timelines.map((t) => t.step))));
  }
  zoom(factor, around) {
    const at = around === undefined ? (this.from + this.to) / 2 : around;
    this.setRange(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }
  pan(time) { this.setRange(this.from + time, this.to + time); }

  choose(index, add) {
    const count = this.about.schedules.length;
    index = ((index % count) + count) % count;
    if (!add) this.chosen = [index];
    else if (!this.chosen.includes(index)) this.chosen = [...this.chosen, index];
    else if (this.chosen.length > 1) this.chosen = this.chosen.filter((other) => other !== index);
  }

  x(time) { return LEFT + (time - this.from) / (this.to - this.from) * (this.width - LEFT - RIGHT); }
  timeAt(x) { return this.from + (x - LEFT) / (this.width - LEFT - RIGHT) * (this.to - this.from); }

  // Lays out a panel for each timeline of each chosen schedule, with rows as high as fit into the window.
  layout(width, windowHeight) {
    this.width = width;
    const shown = this.chosen.flatMap((index) => {
      const schedule = this.about.schedules[index];
      return schedule.timelines.map((timeline, number) => ({ schedule, timeline, number }));
    });
    const rows = shown.reduce((sum, panel) => sum + panel.schedule.devices, 0);
    const fixed = shown.length * (HEAD + GAP + (this.options.memory ? MEMORY + 8 : 0)) + AXIS;
    const row = Math.min(34, Math.max(4, (windowHeight - fixed) / Math.max(1, rows)));
    const gap = row >= 20 ? 7 : row >= 10 ? 3 : row >= 6 ? 1 : 0;
    let y = AXIS;
    this.panels = shown.map((panel) => {
      const top = y + HEAD;
      const bottom = top + panel.schedule.devices * row;
      const end = bottom + (this.options.memory ? MEMORY + 8 : 0);
      y = end + GAP;
      return { ...panel, head: top - HEAD, top, bottom, end, row, gap, bar: row - gap };
    });
    this.height = Math.max(y, 120);
  }

  // The panel and device at a height; null between rows.
  rowAt(y) {
    for (const panel of this.panels) {
      if (y < panel.top || y >= panel.bottom) continue;
      const device = Math.floor((y - panel.top) / panel.row);
      return { panel, device };
    }
    return null;
  }

  // The index of the entry of ascending `row` that a time is in; -1 if it is in none.
  static indexAt(row, count, time) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row.end[middle] <= time) low = middle + 1; else high = middle;
    }
    return low < count && row.start[low] <= time ? low : -1;
  }
  // The index of the first entry that ends after a time.
  static firstAfter(row, count, time) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row.end[middle] <= time) low = middle + 1; else high = middle;
    }
    return low;
  }

  // The thing at a point: {panel, device, event} or {panel, device, idle}, indices; null outside rows.
  hit(x, y) {
    const row = this.rowAt(y);
    if (row === null || x < LEFT || x > this.width - RIGHT) return null;
    const time = this.timeAt(x);
    const events = row.panel.schedule.events[row.device];
    const event = View.indexAt(row.panel.timeline.events[row.device], events.count, time);
    if (event >= 0) return { ...row, event };
    const spans = row.panel.timeline.idle[row.device];
    const idle = View.indexAt(spans, spans.count, time);
    return idle >= 0 ? { ...row, idle } : null;
  }
}
