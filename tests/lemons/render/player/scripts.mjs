// The player's scripts for Node's test runner: joined in one scope, as lemons/render/player/assets.py joins them.

import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const PLAYER = new URL("../../../../lemons/render/player/", import.meta.url);

/** What some scripts export by their comments, such as `load("dom", "choice").Choice`. */
export function load(...names) {
  const texts = names.map((name) => readFileSync(new URL(`${name}.js`, PLAYER), "utf-8"));
  const exported = texts.flatMap((text) => [...text.matchAll(/^\/\* exported ([\w, \n]+) \*\/$/gm)].map(([, list]) => list));
  return runInThisContext(`(() => { "use strict"; ${texts.join("\n")}\nreturn { ${exported.join(", ")} }; })()`);
}
