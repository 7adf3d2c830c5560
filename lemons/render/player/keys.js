// Keys, while the focus is in the player: those that trackswitch.js made customary.

/* exported KEYS, listenForKeys */

const SEEK_S = 5; // that an arrow moves
const KEYS = "Keys: space plays and pauses, ← → seek, Home goes to the start, 1–9 solo a row, Esc goes back.";

function listenForKeys(player) {
  let byKeyboard = false; // how the focus came: asked at once, since in Chromium any key after a click makes it visible
  player.root.addEventListener("focusin", ({ target }) => (byKeyboard = target.matches(":focus-visible")));
  player.root.addEventListener("keydown", (event) => press(player, event, byKeyboard));
}

/** Do what a key says, unless the focused control has its own use for it. */
function press(player, event, cameByKeyboard) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  const isRuler = target === player.ruler.slider; // by itself it would move by hundredths of a second
  const isSlider = target.matches("input[type=range]") && !isRuler;
  // after a click on a button, space still plays; who came to it by keyboard expects it to press the button
  const byKeyboard = target !== player.root && !isRuler && cameByKeyboard;
  const takesArrows = isSlider || (byKeyboard && target.matches("input"));
  const nRows = player.data.rows.length;
  if (key === " " && (isSlider || !byKeyboard)) player.toggle();
  else if (key === "ArrowLeft" && !takesArrows) player.seek(player.position() - SEEK_S);
  else if (key === "ArrowRight" && !takesArrows) player.seek(player.position() + SEEK_S);
  else if (key === "Home" && !isSlider) player.home();
  else if (key === "Escape") player.escape();
  else if (/^[1-9]$/.test(key) && Number(key) <= nRows && nRows > 1) player.solo(Number(key) - 1);
  else return;
  event.preventDefault(); // no scrolling
  event.stopPropagation(); // nor Streamlit's own keys
}
