// What is scrolled to may be drawn after this, and what is drawn after it may push it away again: so it is looked for,
// and looked at, until it has stayed in view for a while, or somebody moves the page.
function intoView(name) {
  const moves = ["wheel", "touchstart", "keydown"];
  const until = performance.now() + 10000;
  let calm = 0;
  let behavior = "smooth";
  const look = () => {
    const target = document.querySelector(`.${name}`);
    if (target) {
      const { top, bottom } = target.getBoundingClientRect();
      const inView = top >= -1 && (bottom <= window.innerHeight || top < window.innerHeight / 4);
      if (!inView) target.scrollIntoView({ behavior, block: "start" });
      calm = inView ? calm + 1 : 0;
      behavior = "instant";
    }
    if (calm > 2 || performance.now() > until) stop();
  };
  const timer = setInterval(look, 500);
  const stop = () => {
    clearInterval(timer);
    moves.forEach((move) => window.removeEventListener(move, stop));
  };
  moves.forEach((move) => window.addEventListener(move, stop, { passive: true }));
  look();
}
