// Draws a view on a canvas. Where events are narrower than a pixel and a half, each column shows what the device mostly
// did.
"use strict";

// The smallest font for the number of a micro-batch.
const LEAST_FONT = 6;
// Lines of memory, by device. They differ in hue and lightness, on light and dark ground.
const LIFT = 1.4;  // pixels from one to the next where they are equal
const MEMORY_INKS = ["#0072b2", "#d55e00", "#009e73", "#c0569a", "#b08a00", "#3a9bd9", "#8050c0", "#8b5a2b"];

class Painter {
  constructor(canvas, about) {
    this.canvas = canvas;
    this.about = about;
    this.readColours();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = {};
    for (const name of ["back", "ink", "faint", "line", "idle", "mark", "curve"]) {
      this.colour[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.hatches = null;  // made when there is a context
  }

  // A hatching for each cause: the same lines as in the SVG.
  makeHatches() {
    const lines = [[[0, 6, 6, 0]], [[0, 0, 6, 6]], [[0, 6, 6, 0]], [[0, 1.5, 6, 1.5], [0, 4.5, 6, 4.5]],
      [[0, 3, 6, 3], [3, 0, 3, 6]], [[1.5, 0, 1.5, 6], [4.5, 0, 4.5, 6]]];
    this.hatches = this.about.causes.map((cause, index) => {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 6;
      const c = tile.getContext("2d");
      c.fillStyle = this.colour.idle;
      c.fillRect(0, 0, 6, 6);
      c.strokeStyle = cause.ink;
      c.globalAlpha = 0.8;
      for (const [x0, y0, x1, y1] of lines[index]) {
        for (const shift of x0 === x1 || y0 === y1 ? [0] : [-6, 0, 6]) {
          c.beginPath();
          c.moveTo(x0 + shift, y0);
          c.lineTo(x1 + shift, y1);
          c.stroke();
        }
      }
      return this.context.createPattern(tile, "repeat");
    });
  }

  draw(view, hover) {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = view;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.height = `${height}px`;
      this.hatches = null;
    }
    const c = this.context = this.canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.hatches === null) this.makeHatches();
    c.fillStyle = this.colour.back;
    c.fillRect(0, 0, width, height);
    this.drawAxis(view);
    for (const panel of view.panels) {
      this.drawHead(view, panel);
      for (let device = 0; device < panel.schedule.devices; ++device) this.drawRow(view, panel, device);
      c.save();
      c.beginPath();
      c.rect(LEFT, panel.head, width - LEFT - RIGHT, panel.end - panel.head);
      c.clip();
      this.drawCollectives(view, panel);
      if (view.options.transfers) this.drawTransfers(view, panel);
      if (hover && hover.panel.timeline === panel.timeline) this.drawHover(view, panel, hover);
      c.restore();
      if (view.options.memory) this.drawMemory(view, panel, hover);
    }
  }

  drawAxis(view) {
    const longest = Math.max(...view.panels.map((panel) => panel.timeline.step));
    const c = this.context;
    const wanted = (view.width - LEFT - RIGHT) / 110;
    const least = (view.to - view.from) / wanted;
    let step = 10 ** Math.floor(Math.log10(least));
    for (const digit of [1, 2, 5, 10]) if (step * digit >= least) { step *= digit; break; }
    c.font = "11px Helvetica, Arial, sans-serif";
    c.textAlign = "center";
    for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
      const x = view.x(time);
      c.fillStyle = this.colour.line;
      c.fillRect(Math.round(x), AXIS - 6, 1, view.height - AXIS);
      c.fillStyle = this.colour.faint;
      c.fillText(tickLabel(time, step, longest), x, AXIS - 10);
    }
  }

  drawHead(view, panel) {
    const c = this.context, { schedule, timeline } = panel;
    c.textAlign = "left";
    c.fillStyle = this.colour.back;
    c.fillRect(0, panel.head, view.width, HEAD);
    c.font = "bold 13px Helvetica, Arial, sans-serif";
    c.fillStyle = this.colour.ink;
    const name = schedule.name + (timeline.name ? ` ${timeline.name}` : "");
    c.fillText(name, 16, panel.head + 15);
    const width = c.measureText(name).width;
    c.font = "12px Helvetica, Arial, sans-serif";
    c.fillStyle = this.colour.faint;
    c.fillText(`step ${duration(timeline.step)}, bubble ${percent(timeline.bubble)}, span bubble ` +
      percent(timeline.span_bubble), 28 + width, panel.head + 15);
  }

  drawRow(view, panel, device) {
    const c = this.context;
    const y = panel.top + device * panel.row;
    if (panel.row >= 10 || device % 8 === 0) {
      c.font = `${Math.min(12, Math.max(9, panel.bar))}px Helvetica, Arial, sans-serif`;
      c.textAlign = "left";
      c.fillStyle = this.colour.ink;
      c.fillText(`device ${device}`, 16, y + panel.bar / 2 + 4);
    }
    c.save();
    c.beginPath();
    c.rect(LEFT, y, view.width - LEFT - RIGHT, panel.bar);
    c.clip();
    this.drawIdle(view, panel, device, y);
    const row = panel.timeline.events[device], { count } = panel.schedule.events[device];
    const first = View.firstAfter(row, count, view.from);
    const last = Math.min(count, View.firstAfter(row, count, view.to) + 1);
    const pixels = (view.width - LEFT - RIGHT) / Math.max(1, last - first);
    if (pixels < 1.5) this.drawDensely(view, panel, device, y, first, last);
    else this.drawEvents(view, panel, device, y, first, last);
    c.restore();
  }

  drawIdle(view, panel, device, y) {
    const c = this.context, spans = panel.timeline.idle[device];
    for (let i = View.firstAfter(spans, spans.count, view.from); i < spans.count && spans.start[i] < view.to; ++i) {
      const x = view.x(spans.start[i]), width = view.x(spans.end[i]) - x;
      if (width < 0.4) continue;
      c.fillStyle = this.hatches[spans.cause[i]];
      c.fillRect(x, y, width, panel.bar);
    }
  }

  drawEvents(view, panel, device, y, first, last) {
    const c = this.context, events = panel.schedule.events[device], row = panel.timeline.events[device];
    const { bar } = panel;
    const most = Math.min(12, bar - 5);
    c.textAlign = "center";
    for (let i = first; i < last; ++i) {
      const x = view.x(row.start[i]), width = view.x(row.end[i]) - x;
      if (width <= 0) continue;
      const paint = this.about.kinds[events.kind[i]];
      c.fillStyle = paint.fill[events.shade[i]];
      c.fillRect(x, y, Math.max(0.6, width - (width > 4 ? 0.8 : 0)), bar);
      if (view.options.path && row.path[i]) {
        c.fillStyle = this.colour.mark;
        c.fillRect(x, y + bar - Math.min(3, bar / 4), width, Math.min(3, bar / 4));
      }
      const number = events.microBatch[i];
      const font = Math.min(most, Math.floor((width - 1) / (0.56 * String(number).length)));
      if (number < 0 || font < LEAST_FONT) continue;
      c.font = `${font}px Helvetica, Arial, sans-serif`;
      c.fillStyle = paint.text[events.shade[i]];
      const left = Math.max(x, LEFT), right = Math.min(x + width, view.width - RIGHT);
      c.fillText(number, (left + right) / 2, y + bar / 2 + 0.36 * font);
    }
  }

  // Per column, time by kind and shade; neighbours that look alike are one rectangle.
  drawDensely(view, panel, device, y, first, last) {
    const c = this.context, events = panel.schedule.events[device], row = panel.timeline.events[device];
    const columns = Math.ceil(view.width - LEFT - RIGHT), looks = this.about.kinds.length * 3;
    const time = new Float32Array(columns * looks), path = new Uint8Array(columns);
    const scale = columns / (view.to - view.from);
    for (let i = first; i < last; ++i) {
      const begin = Math.max(0, (row.start[i] - view.from) * scale);
      const end = Math.min(columns, (row.end[i] - view.from) * scale);
      const look = events.kind[i] * 3 + events.shade[i];
      for (let column = Math.floor(begin); column < end; ++column) {
        time[column * looks + look] += Math.min(end, column + 1) - Math.max(begin, column);
        if (row.path[i]) path[column] = 1;
      }
    }
    const bestOf = (column) => {
      let best = -1, most = 0, sum = 0;
      for (let look = 0; look < looks; ++look) {
        const part = time[column * looks + look];
        sum += part;
        if (part > most) { most = part; best = look; }
      }
      return sum < 0.5 ? -1 : best;
    };
    let begin = 0, current = bestOf(0);
    for (let column = 1; column <= columns; ++column) {
      const look = column < columns ? bestOf(column) : -2;
      if (look === current) continue;
      if (current >= 0) {
        c.fillStyle = this.about.kinds[Math.floor(current / 3)].fill[current % 3];
        c.fillRect(LEFT + begin, y, column - begin, panel.bar);
      }
      begin = column;
      current = look;
    }
    if (!view.options.path) return;
    c.fillStyle = this.colour.mark;
    const height = Math.min(3, panel.bar / 4);
    for (let column = 0; column < columns; ++column) {
      if (path[column]) c.fillRect(LEFT + column, y + panel.bar - height, 1, height);
    }
  }

  // A lane below each row.
  drawCollectives(view, panel) {
    if (panel.gap < 2) return;
    const c = this.context, { schedule, timeline } = panel;
    for (let device = 0; device < schedule.devices; ++device) {
      const { count, kind } = schedule.collectives[device], row = timeline.collectives[device];
      const y = panel.top + device * panel.row + panel.bar + 1, height = 0.6 * panel.gap;
      for (let i = 0; i < count; ++i) {
        if (row.end[i] < view.from || row.start[i] > view.to) continue;
        const x = view.x(row.start[i]), width = view.x(row.end[i]) - x;
        if (width < 0.5) continue;
        c.fillStyle = view.options.path && row.path[i] ? this.colour.mark : this.about.kinds[kind[i]].fill[0];
        c.fillRect(x, y, width, height);
      }
    }
  }

  // Arrows between rows, if they are wide enough to see and few enough to distinguish.
  drawTransfers(view, panel) {
    if (panel.gap < 3) return;
    const c = this.context, { schedule, timeline } = panel;
    const least = 2.5 / (view.width - LEFT - RIGHT) * (view.to - view.from);
    let count = 0;
    const visit = (draw) => {
      for (let to = 0; to < schedule.devices; ++to) {
        const receives = schedule.receives[to], row = timeline.transfers[to];
        for (let i = 0; i < receives.count; ++i) {
          if (row.end[i] < view.from || row.start[i] > view.to || row.end[i] - row.start[i] < least) continue;
          draw(to, receives.from[i], row.start[i], row.end[i], row.path[i]);
        }
      }
    };
    visit(() => ++count);
    if (count > 1500) return;
    visit((to, from, start, end, onPath) => {
      const marked = onPath && view.options.path;
      c.strokeStyle = marked ? this.colour.mark : this.colour.faint;
      c.globalAlpha = Math.abs(to - from) === 1 ? 1 : 0.5;
      c.lineWidth = marked ? 1.6 : 0.9;
      const y0 = panel.top + from * panel.row + (to > from ? panel.bar : 0);
      const y1 = panel.top + to * panel.row + (to > from ? 0 : panel.bar);
      this.arrow(view.x(start), y0, view.x(end), y1);
      c.globalAlpha = 1;
    });
    c.lineWidth = 1;
  }

  arrow(x0, y0, x1, y1) {
    const c = this.context;
    const length = Math.hypot(x1 - x0, y1 - y0) || 1;
    const dx = (x1 - x0) / length * 5, dy = (y1 - y0) / length * 5;
    c.beginPath();
    c.moveTo(x0, y0);
    c.lineTo(x1, y1);
    c.moveTo(x1 - dx - dy * 0.5, y1 - dy + dx * 0.5);
    c.lineTo(x1, y1);
    c.lineTo(x1 - dx + dy * 0.5, y1 - dy - dx * 0.5);
    c.stroke();
  }

  // The event under the mouse, and what it waited for.
  drawHover(view, panel, hover) {
    const c = this.context, { timeline } = panel;
    const frame = (row, device, i) => {
      c.strokeStyle = this.colour.ink;
      c.lineWidth = 2;
      c.strokeRect(view.x(row.start[i]), panel.top + device * panel.row, view.x(row.end[i]) - view.x(row.start[i]),
        panel.bar);
      c.lineWidth = 1;
    };
    const row = timeline.events[hover.device];
    const event = hover.event !== undefined ? hover.event : timeline.idle[hover.device].before[hover.idle];
    if (hover.event !== undefined) frame(row, hover.device, event);
    else frame(timeline.idle[hover.device], hover.device, hover.idle);
    if (event < 0 || row.waitDevice[event] < 0) return;
    const device = row.waitDevice[event], other = timeline.events[device], i = row.waitEvent[event];
    frame(other, device, i);
    c.strokeStyle = this.colour.ink;
    c.setLineDash([4, 3]);
    const down = device < hover.device;
    if (device !== hover.device) {
      this.arrow(view.x(other.end[i]), panel.top + device * panel.row + (down ? panel.bar : 0),
        view.x(row.start[event]), panel.top + hover.device * panel.row + (down ? 0 : panel.bar));
    }
    c.setLineDash([]);
  }

  // The number of each device on its curve, one beside the other along the time that is shown.
  drawMemoryLabels(view, memory, yOf, device) {
    const c = this.context, count = memory.rows.length;
    c.font = "bold 11px Helvetica, Arial, sans-serif";
    c.textAlign = "center";
    memory.rows.forEach((row, index) => {
      const x = LEFT + (index + 0.5) / count * (view.width - LEFT - RIGHT), time = view.timeAt(x);
      let live = 0;
      for (let i = 0; i < row.count && row.at[i] <= time; ++i) live = row.live[i];
      const y = yOf(live, index) + 4;
      c.globalAlpha = device < 0 || index === device ? 1 : 0.3;
      c.lineWidth = 4;
      c.strokeStyle = this.colour.back;
      c.strokeText(index, x, y);
      c.fillStyle = MEMORY_INKS[index];
      c.fillText(index, x, y);
    });
  }

  // The curves of up to eight devices, each with its number, else of the fullest one; the curve of the device under the
  // mouse is filled.
  drawMemory(view, panel, hover) {
    const c = this.context, { memory } = panel.timeline;
    const top = panel.bottom + 4, bottom = top + MEMORY - 8;
    c.font = "11px Helvetica, Arial, sans-serif";
    c.textAlign = "left";
    c.fillStyle = this.colour.faint;
    const device = hover && hover.panel.timeline === panel.timeline ? hover.device : -1;
    c.fillText(memory.inBytes ? "memory" : "live", 16, top + 12);
    const whose = device >= 0 ? device : memory.rows.length > 8 ? memory.fullest : -1;
    if (whose >= 0) c.fillText(`device ${whose}`, 16, top + 26);
    c.fillText(amount(memory.peak, memory.inBytes).replace(" micro-batches", ""), 16, top + (whose >= 0 ? 40 : 26));
    if (memory.peak <= 0) return;
    c.save();
    c.beginPath();
    c.rect(LEFT, top - 1, view.width - LEFT - RIGHT, bottom - top + 2);
    c.clip();
    const end = view.x(panel.timeline.step);
    // Each curve a little above the next one, so that equal ones are seen apart.
    const yOf = (live, index) => bottom - live / memory.peak * (bottom - top - LIFT * 8) -
      (memory.rows.length > 8 ? 0 : LIFT * (memory.rows.length - 1 - index));
    const trace = (row, index) => {
      c.beginPath();
      let y = yOf(0, index);
      c.moveTo(view.x(0), y);
      for (let i = 0; i < row.count; ++i) {
        const x = view.x(row.at[i]);
        c.lineTo(x, y);
        y = yOf(row.live[i], index);
        c.lineTo(x, y);
      }
      c.lineTo(end, y);
    };
    memory.rows.forEach((row, index) => {
      if (memory.rows.length > 8 && index !== device && (device >= 0 || index !== memory.fullest)) return;
      const ink = memory.rows.length > 8 ? this.colour.curve : MEMORY_INKS[index];
      c.strokeStyle = ink;
      c.lineWidth = 1.5;
      c.globalAlpha = device < 0 || index === device ? 1 : 0.3;
      trace(row, index);
      c.stroke();
      if (index !== device) return;
      c.lineTo(end, bottom);
      c.closePath();
      c.globalAlpha = 0.3;
      c.fillStyle = ink;
      c.fill();
    });
    if (memory.rows.length <= 8) this.drawMemoryLabels(view, memory, yOf, device);
    c.restore();
    c.lineWidth = 1;
    c.globalAlpha = 1;
  }
}
