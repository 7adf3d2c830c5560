// Small helpers for the document. Text goes into it as text, never as markup: titles and names come from strangers.

/* exported capitalized, clock, element, icon, iconButton, mounter, pauseForOthers, pauseOthers, setSlider, setText,
   signed, slider */

const STARTED = "lemons-player-started"; // said to the other players of a page, other copies of this script included
const ICONS = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 5h4.2v14H6zM13.8 5H18v14h-4.2z",
  start: "M5 5h2.6v14H5zM20 5v14L9 12z",
  loop: "M17 2.5 21.5 7 17 11.5V8.3H7.3A2.8 2.8 0 0 0 4.5 11v1H2v-1a5.3 5.3 0 0 1 5.3-5.3H17zM7 21.5 2.5 17 7 12.5v3.2h9.7a2.8 2.8 0 0 0 2.8-2.7v-1H22v1a5.3 5.3 0 0 1-5.3 5.3H7z",
  volume: "M3 9v6h4l5.5 4.5v-15L7 9zM15.5 8.2v7.6a4.6 4.6 0 0 0 0-7.6zM15.5 3.6v2.2a6.6 6.6 0 0 1 0 12.4v2.2a8.7 8.7 0 0 0 0-16.8z",
};

/** An element with attributes, listeners (names that begin with "on") and children, of which strings become text. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function iconButton(name, label, onclick) {
  return element("button", { type: "button", class: `icon ${name}`, "aria-label": label, title: label, onclick }, icon(name));
}

/** A slider whose filled part can be styled: CSS knows its value as --share. */
function slider({ label, min, max, step, value, ...listeners }) {
  const node = element("input", { type: "range", min, max, step, "aria-label": label, ...listeners });
  node.addEventListener("input", () => fill(node));
  setSlider(node, value);
  return node;
}

function setSlider(node, value) {
  node.value = value;
  fill(node);
}

function fill(node) {
  node.style.setProperty("--share", (node.value - node.min) / (node.max - node.min || 1));
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text; // a live region speaks whenever it is written to
}

/** A place in a track, such as 1:24. */
function clock(seconds, digits = 0) {
  const rounded = Number(seconds.toFixed(digits));
  const minutes = Math.floor(rounded / 60);
  return `${minutes}:${(rounded - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0")}`;
}

/** Numbers with a real minus; with a plus if they are differences. */
function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value > 0 ? "+" : "−") + text;
}

function capitalized(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Pause all that plays on the page but `one`. */
function pauseOthers(one) {
  window.dispatchEvent(new CustomEvent(STARTED, { detail: one }));
  for (const audio of document.querySelectorAll("audio")) audio.pause();
}

/** Pause `one` whenever something else begins to play: what calls `pauseOthers`, or an audio element of the document. */
function pauseForOthers(one, signal) {
  window.addEventListener(STARTED, ({ detail }) => detail !== one && one.pause(), { signal });
  document.addEventListener("play", () => one.pause(), { capture: true, signal });
}

/**
 * How Streamlit, or a report's own script, puts what `create(parent, send)` makes on an element: called again whenever data
 * or theme change; what that returns is called once, at the end. `send(name, value)` tells the page what was chosen.
 */
function mounter(create) {
  const mounted = new WeakMap();
  return ({ data, parentElement, setTriggerValue }) => {
    const shown = mounted.get(parentElement) ?? create(parentElement, setTriggerValue);
    mounted.set(parentElement, shown);
    shown.update(data);
    return () => {
      shown.destroy();
      mounted.delete(parentElement);
    };
  };
}
