// The script of the gateway's page that lists what is kept.

const place = document.getElementById('tenure-drafts');
const base = new URL('.', import.meta.url).pathname.slice(0, -1);
if (place) {
  // Without storage or session there is no list, and the page says nothing of one.
  import('./late.js').then(({ fill }) => fill(place, base)).catch(() => {});
}
