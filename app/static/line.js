// Fetches the line anew every two seconds while somebody looks at it.
"use strict";
(() => {
  const line = document.getElementById("line");
  const lost = document.getElementById("line-lost");

  async function renew() {
    const chosen = document.getSelection();
    if (document.hidden || (!chosen.isCollapsed && line.contains(chosen.anchorNode))) return; // somebody is copying
    try {
      const answer = await fetch(line.dataset.address, { credentials: "same-origin", cache: "no-store" });
      if (answer.status === 404) return location.reload(); // no longer signed in
      if (!answer.ok) throw new Error(answer.status);
      line.innerHTML = await answer.text();
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  }

  async function go() {
    await renew();
    setTimeout(go, 2000);
  }
  setTimeout(go, 2000);
})();
