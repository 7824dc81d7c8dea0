// What is scrolled to may be drawn after this, so it is looked for until it is there.
function intoView(name, tries = 20) {
  const target = document.querySelector(`.${name}`);
  if (!target) {
    if (tries) setTimeout(() => intoView(name, tries - 1), 100);
    return;
  }
  const { top, bottom } = target.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) target.scrollIntoView({ behavior: "smooth", block: "start" });
}
