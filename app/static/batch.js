// Renews the moving part of a batch's page every two seconds while it moves and somebody looks at it.
"use strict";
(() => {
  const place = document.querySelector("[data-live]");
  const moves = () => place.querySelector("#story")?.dataset.moves;

  async function renew() {
    if (document.hidden) return;
    try {
      const before = place.querySelector("#story").dataset.state;
      const answer = await fetch(place.dataset.live, { credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || answer.status === 404) return location.reload(); // no longer signed in
      if (!answer.ok) return;
      place.innerHTML = await answer.text();
      // Another state has other buttons and other recipients: the whole page is shown anew, once.
      if (place.querySelector("#story").dataset.state !== before) location.reload();
    } catch {
      // the server is away for a moment; the next turn asks again
    }
  }

  async function go() {
    await renew();
    if (moves()) setTimeout(go, 2000);
  }
  if (moves()) setTimeout(go, 2000);
})();
