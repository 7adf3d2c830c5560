// The player's scripts are joined into one ES module (lemons/render/player/assets.py): they share one scope, without
// imports. What a script takes of the others is in its comment `/* global ... */`, what others take in `/* exported ... */`.

import js from "@eslint/js";
import globals from "globals";

const markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe"];
const asText = "Titles come from strangers: text goes into the document as text (dom.js).";

const rules = {
  ...js.configs.recommended.rules,
  "array-callback-return": "error",
  "consistent-return": "error",
  eqeqeq: ["error", "always", { null: "ignore" }],
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-promise-executor-return": "error",
  "no-restricted-properties": ["error", ...markup.map((property) => ({ property, message: asText }))],
  "no-shadow": "error",
  "no-unused-expressions": "error",
  "no-unused-vars": ["error", { ignoreRestSiblings: true }], // `{ k, ...rest }` leaves k out
  "no-use-before-define": ["error", { functions: false, classes: false }], // constants of a joined script come first
  "no-var": "error",
  "prefer-const": "error",
  "require-atomic-updates": "error",
};
const joined = { globals: globals.browser, parserOptions: { ecmaFeatures: { impliedStrict: true } } };

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" }, rules },
  { files: ["{lemons,explanations}/**/*.js"], languageOptions: { sourceType: "script", ...joined } },
  { files: ["{lemons,explanations}/**/{mount,track_table}.js"], languageOptions: { sourceType: "module", ...joined } }, // with an export
  { files: ["tests/**/*.mjs"], languageOptions: { sourceType: "module", globals: globals.node } },
];
