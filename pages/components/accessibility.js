// What is only heard, and where the keyboard is.

/** Have a result read out to those who do not see it; the same one is not read twice. */
function announce(sentence) {
  let region = document.getElementById("distil-lab-result");
  if (!region) {
    region = document.createElement("div");
    region.id = "distil-lab-result";
    region.setAttribute("role", "status");
    region.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    document.body.append(region);
  }
  if (region.textContent !== sentence) region.textContent = sentence;
}

/** Go to a button once what was pressed is gone, or stay where the keyboard is meanwhile. */
function focusOn(name, tries = 20) {
  const nothing = document.activeElement === null || document.activeElement === document.body;
  const target = document.querySelector(`.${name} button`);
  if (nothing && target) target.focus({ preventScroll: true });
  else if (tries) setTimeout(() => focusOn(name, tries - 1), 100);
}
