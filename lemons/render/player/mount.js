// What a page, or a report's own script, calls to put a player on an element.

/* global mounter, Player */

const mount = mounter((parent, send) => new Player(parent, { onkept: (k) => send("k", k) }));
export default mount;
