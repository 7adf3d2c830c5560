// How a page puts a player on an element: Streamlit, or a report's own script.

const mounted = new WeakMap();

/** Called anew by Streamlit whenever data or theme change; what it returns is called once, at the end. */
export default function mount({ data, parentElement, setTriggerValue }) {
  let player = mounted.get(parentElement);
  if (!player) {
    player = new Player(parentElement, { onkept: (k) => setTriggerValue("k", k) });
    mounted.set(parentElement, player);
  }
  player.update(data);
  return () => {
    player.destroy();
    mounted.delete(parentElement);
  };
}
