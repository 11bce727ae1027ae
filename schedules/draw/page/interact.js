// Buttons, mouse and keys. window.baton is the page, for tests.
"use strict";

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

class Page {
  constructor(about) {
    this.view = new View(about);
    this.canvas = document.getElementById("canvas");
    this.painter = new Painter(this.canvas, about);
    this.tip = document.getElementById("tip");
    this.hover = null;
    this.drag = null;
    this.pending = false;
    document.getElementById("title").textContent = about.title;
    this.makeButtons(about);
    this.makeLegend(about);
    this.listen();
    this.redraw();
  }

  // Draws once a frame, however often it is called.
  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => this.drawNow());
  }
  drawNow() {
    this.pending = false;
    const space = window.innerHeight - this.canvas.getBoundingClientRect().top - window.scrollY - 60;
    this.view.layout(this.canvas.clientWidth, Math.max(240, space));
    this.painter.draw(this.view, this.hover);
  }

  makeButtons(about) {
    const longest = this.view.to;  // the bars' scale: what is shown at first
    this.buttons = about.schedules.map((schedule, index) => {
      const { step, bubble } = schedule.timelines[schedule.timelines.length - 1];
      const button = element("button", { title: schedule.subtitle }, element("strong", {}, schedule.name),
        element("small", {}, `${duration(step)}, bubble ${percent(bubble)}`),
        element("i", { style: `width: ${Math.min(100, 100 * step / longest)}%` }, element("b", { style: `width: ${100 * bubble}%` })));
      button.addEventListener("click", (event) => this.choose(index, event.shiftKey || event.ctrlKey || event.metaKey));
      return button;
    });
    document.getElementById("schedules").append(...this.buttons);
    this.showChosen();
    const on = (id, action) => document.getElementById(id).addEventListener("click", action);
    on("zoom-in", () => { this.view.zoom(0.5); this.redraw(); });
    on("zoom-out", () => { this.view.zoom(2); this.redraw(); });
    on("all", () => { this.view.showWhole(); this.redraw(); });
    for (const name of ["path", "transfers", "memory"]) {
      const box = document.getElementById(name);
      box.addEventListener("change", () => { this.view.options[name] = box.checked; this.redraw(); });
    }
  }

  makeLegend(about) {
    const used = new Set(), causes = new Set();
    for (const schedule of about.schedules) {
      for (const lane of [...schedule.events, ...schedule.collectives]) lane.kind.forEach((kind) => used.add(kind));
      for (const timeline of schedule.timelines) {
        for (const spans of timeline.idle) spans.cause.forEach((cause) => causes.add(cause));
      }
    }
    const entry = (style, name) => element("span", {}, element("i", { style }), name);
    const both = used.has(1) && used.delete(2);  // backward and backward-input have one colour
    const stripes = ["-45deg", "45deg", "-45deg", "0deg", "0deg", "90deg"];
    document.getElementById("legend").append(
      ...[...used].sort((a, b) => a - b).map((kind) => entry(`background: ${about.kinds[kind].fill[0]}`, 
        about.kinds[kind].name + (both && kind === 1 ? ", or its input half" : ""))),
      ...[...causes].sort().map((cause) => entry(
        `background: repeating-linear-gradient(${stripes[cause]}, ${about.causes[cause].ink} 0 1px, transparent 1px 4px)`,
        `idle: ${about.causes[cause].words}`)),
      entry("border-bottom: 3px solid var(--mark); height: 8px", "critical path"),
      element("span", {}, "a device's later chunks are darker"));
  }

  choose(index, add) {
    this.view.choose(index, add);
    this.setHover(null);
    this.showChosen();
    this.redraw();
  }
  showChosen() {
    this.buttons.forEach((button, index) => button.setAttribute("aria-pressed", this.view.chosen.includes(index)));
  }

  setHover(hit, x, y) {
    this.hover = hit;
    this.tip.hidden = hit === null;
    if (hit === null) return;
    const [heading, lines, onPath] = describeHit(this.view.about, hit, this.view.to - this.view.from);
    this.tip.replaceChildren(element("b", {}, heading), ...lines.map((line) => element("span", {}, line)));
    if (onPath !== null) {
      this.tip.append(onPath ? element("em", {}, "on the critical path") : element("span", {}, "not on the critical path"));
    }
    const width = this.tip.offsetWidth;
    this.tip.style.left = `${x + 18 + width > this.view.width ? Math.max(4, x - width - 14) : x + 18}px`;
    this.tip.style.top = `${y + 16}px`;
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const length = this.view.to - this.view.from;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        this.view.pan((event.deltaX || event.deltaY) / this.view.width * length);
      } else {
        this.view.zoom(Math.exp(event.deltaY * 0.0015), this.view.timeAt(event.offsetX));
      }
      this.redraw();
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      this.drag = { x: event.offsetX, from: this.view.from };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", () => { this.drag = null; });
    canvas.addEventListener("pointermove", (event) => {
      if (this.drag) {
        const length = this.view.to - this.view.from;
        const from = this.drag.from - (event.offsetX - this.drag.x) / (this.view.width - LEFT - RIGHT) * length;
        this.view.setRange(from, from + length);
        this.setHover(null);
      } else {
        this.setHover(this.view.hit(event.offsetX, event.offsetY), event.offsetX, event.offsetY);
      }
      this.redraw();
    });
    canvas.addEventListener("pointerleave", () => { this.setHover(null); this.redraw(); });
    canvas.addEventListener("dblclick", (event) => {
      this.view.zoom(0.25, this.view.timeAt(event.offsetX));
      this.redraw();
    });
    window.addEventListener("keydown", (event) => this.press(event));
    window.addEventListener("resize", () => this.redraw());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.painter.readColours();
      this.redraw();
    });
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { view } = this, length = view.to - view.from;
    const toggle = (name) => () => document.getElementById(name).click();
    const first = view.chosen[0];
    const actions = {
      "+": () => view.zoom(0.5), "=": () => view.zoom(0.5), "-": () => view.zoom(2),
      "0": () => view.showWhole(), ArrowLeft: () => view.pan(-length / 5),
      ArrowRight: () => view.pan(length / 5), "[": () => this.choose(first - 1), "]": () => this.choose(first + 1),
      c: toggle("path"), t: toggle("transfers"), m: toggle("memory"),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
    this.redraw();
  }
}

(async () => {
  try {
    const about = JSON.parse(document.getElementById("about").textContent);
    window.baton = new Page(readAll(about, await inflate(document.getElementById("events").textContent)));
  } catch (error) {
    document.getElementById("title").textContent = `This file cannot be shown: ${error.message}`;
  }
})();
