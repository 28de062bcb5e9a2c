// Fills the list of one's drafts, on the gateway's page that lists what is kept.

const script = document.querySelector('script[src*="drafts-list.js"]')?.getAttribute('src') ?? '/.tenure/';
const base = script.slice(0, script.lastIndexOf('/'));

/** @param {string} path */
const call = (path) => fetch(base + path, { cache: 'no-store', headers: { Accept: 'application/json', 'Tenure-Client': '1' } });

async function fill() {
  const place = document.getElementById('tenure-drafts');
  const { subject = '' } = await (await call('/session')).json();
  const { shelf } = await import(`${base}/drafts-offer.js`);
  const drafts = await shelf(call, subject);
  if (!place || !drafts.length) return;
  const heading = document.createElement('h2');
  heading.textContent = 'Drafts in this browser';
  const list = document.createElement('ul');
  for (const { title, path, when, discard } of drafts) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = path;
    link.textContent = title || path;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Discard';
    button.setAttribute('aria-label', `Discard: ${title || path}, typed ${when}`);
    button.addEventListener('click', async () => {
      await discard();
      item.remove();
      place.hidden = !list.childElementCount;
    });
    item.append(link, ` ${path}, typed ${when} `, button);
    list.append(item);
  }
  place.replaceChildren(heading, list);
  place.hidden = false;
}

fill().catch(() => {
  // Without storage or session there is no list, and the page says nothing of one.
});
