// The browser sends what was done to a widget in a task of its own, and in the name of the page that it still shows. A
// link followed before that task (while the browser is busy, that is any time) is sent first, and the widget's message
// then brings its own page back. So every click on a link waits for a task, too: those are carried out in their order.
if (!window.distilLabLinks) {
  window.distilLabLinks = true;
  let waited = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[data-testid^="stTopNav"], a[data-testid="stSidebarNavLink"]');
    if (!link || waited || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => {
      waited = true;
      link.click();
      waited = false;
    });
  }, true);
}
