// An application with forms of every kind, for the tests of drafts: it shows what it holds, and takes what is sent.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const module = (name) => readFileSync(require.resolve(name), 'utf8');

const PAGES = {
  '/form': ({ saved }) => `<form method="post" action="/form"><input type="hidden" name="csrf" value="${Math.random()}">
<label>Title <input name="title" value="${saved.title}"></label>
<label>Text <textarea name="text">${saved.text}</textarea></label>
<label>Colour <select name="colour"><option>red</option><option>green</option><option>blue</option></select></label>
<label>News <input type="checkbox" name="news"></label>
<label>Small <input type="radio" name="size" value="s" checked></label><label>Large <input type="radio" name="size" value="l"></label>
<label>Attachment <input type="file" name="file"></label>
<button>Send</button></form>
<label>Search <input id="search-17"></label>
<form method="post" action="/.tenure/sign-out"><button>Sign out</button></form><a href="/next">next</a>`,
  '/next': () => '<p>Another page</p><a href="/form">form</a><form method="post" action="/.tenure/sign-out"><button>Sign out</button></form>',
  '/secrets': () => `<form method="post" action="/form"><label>Name <input name="name"></label>
<label>Password <input type="password" name="word"></label><label>New <input name="fresh" autocomplete="new-password"></label>
<label>Code <input name="code" autocomplete="one-time-code"></label><label>Card <input name="number" autocomplete="cc-number"></label>
<label>Off <input name="off" autocomplete="off"></label><label>Marked <input name="marked" data-tenure="off"></label>
<button type="button" id="show">Show</button></form>
<form autocomplete="off"><label>Whole form <input name="whole"></label></form>
<script src="/secrets.js"></script>`,
  '/open': () => '<form><label>Word <input name="word"></label></form><script src="/.tenure/client.js" defer></script>',
  '/editor': () => '<div contenteditable="true" id="editor" role="textbox" aria-label="Editor"><p>First</p></div>',
  '/custom': () => `<form><tenure-box name="box"></tenure-box></form><div id="notes"></div>
<div class="rich"><div contenteditable="true" aria-label="Rich"></div></div><script src="/custom.js"></script>`,
  '/script-form': () => '<form id="f"><label>Word <input name="word"></label><button>Go</button></form><script src="/script-form.js"></script>',
  '/many': () => `<form>${Array.from({ length: 1000 }, (_, n) => `<label>Field ${n} <input name="field${n}"></label>`).join('')}</form><script src="/many.js"></script>`,
  '/react': () => '<div id="root"></div><script src="/react.js"></script>',
  '/vue': () => '<div id="root"></div><script src="/vue-library.js"></script><script src="/vue.js"></script>',
  '/htmx': () => `<script src="/htmx-library.js"></script><form hx-post="/htmx-save" hx-trigger="change" hx-target="#out" hx-swap="innerHTML">
<label>Comment <textarea name="comment"></textarea></label></form><p id="out"></p>`,
};

/** A page can load its library only as a script of its own: React comes as CommonJS. */
const commonJs = () => `const modules = {
${['react', 'react/cjs/react.production.js', 'scheduler', 'scheduler/cjs/scheduler.production.js', 'react-dom', 'react-dom/cjs/react-dom.production.js',
    'react-dom/client', 'react-dom/cjs/react-dom-client.production.js'].map((name) => {
    const path = name.includes('/cjs/') ? require.resolve(`${name.split('/')[0]}/package.json`).replace('package.json', name.split('/').slice(1).join('/')) : require.resolve(name);
    return `${JSON.stringify(name)}: (require, module, exports) => {${readFileSync(path, 'utf8')}\n}`;
  }).join(',\n')} };
const loaded = {};
const process = { env: { NODE_ENV: 'production' } };
function load(name) {
  if (!loaded[name]) {
    const module = loaded[name] = { exports: {} };
    const inner = (wanted) => load(wanted.startsWith('./cjs/') ? name.split('/')[0] + wanted.slice(1) : wanted);
    modules[name](inner, module, module.exports);
  }
  return loaded[name].exports;
}
const React = load('react');
const { createRoot } = load('react-dom/client');
function App() {
  const [text, setText] = React.useState('');
  const [done, setDone] = React.useState(false);
  return React.createElement('form', null,
    React.createElement('label', null, 'Text ', React.createElement('input', { name: 'text', value: text, onChange: (event) => setText(event.target.value) })),
    React.createElement('label', null, 'Done ', React.createElement('input', { type: 'checkbox', name: 'done', checked: done, onChange: (event) => setDone(event.target.checked) })),
    React.createElement('output', null, text + ' ' + done));
}
createRoot(document.getElementById('root')).render(React.createElement(App));
`;

const SCRIPTS = {
  '/secrets.js': () => "document.getElementById('show').onclick = () => { document.querySelector('[name=word]').type = 'text'; };",
  '/custom.js': () => `customElements.define('tenure-box', class extends HTMLElement {
  static formAssociated = true;
  inside = this.attachInternals();
  constructor() {
    super();
    const input = document.createElement('input');
    input.setAttribute('aria-label', 'Box');
    input.oninput = () => this.inside.setFormValue(input.value);
    this.attachShadow({ mode: 'open' }).append(input);
  }
  get value() { return this.shadowRoot.firstChild.value; }
  set value(text) { this.shadowRoot.firstChild.value = text; this.inside.setFormValue(text); }
});
document.addEventListener('tenure-draft', (event) => {
  document.getElementById('notes').textContent = event.detail.key + ': ' + event.detail.value;
  event.preventDefault();
});
addEventListener('DOMContentLoaded', () => {
  window.tenure?.draftAdapters.set('.rich', {
    initial: () => '*',
    read: (box) => '*' + box.firstChild.textContent,
    write: (box, text) => { box.firstChild.textContent = text.slice(1); },
  });
});`,
  '/script-form.js': () => `document.getElementById('f').onsubmit = async (event) => {
  event.preventDefault();
  await fetch('/form', { method: 'POST', body: new URLSearchParams(new FormData(event.target)) });
  event.target.reset();
};`,
  // What of the client ran for longer than 50 ms, and the time from the first listener of an input event to the last
  // one, with the client's own in between.
  '/many.js': () => `window.ours = [];
new PerformanceObserver((list) => {
  for (const { scripts } of list.getEntries()) {
    const time = scripts.filter(({ sourceURL }) => sourceURL.includes('/.tenure/')).reduce((sum, { duration }) => sum + duration, 0);
    if (time > 50) ours.push(time);
  }
}).observe({ type: 'long-animation-frame' });
window.spent = [];
let began = 0;
addEventListener('DOMContentLoaded', () => addEventListener('input', () => { spent.push(performance.now() - began); }));
addEventListener('input', () => { began = performance.now(); }, true);`,
  '/react.js': commonJs,
  '/vue-library.js': () => module('vue/dist/vue.global.prod.js'),
  '/vue.js': () => `Vue.createApp({
  data: () => ({ text: '', kind: 'a' }),
  template: '<form><label>Text <textarea name="text" v-model="text"></textarea></label><label>Kind <select name="kind" v-model="kind"><option>a</option><option>b</option></select></label><output>{{ text }} {{ kind }}</output></form>',
}).mount('#root');`,
  '/htmx-library.js': () => module('htmx.org/dist/htmx.min.js'),
};

/**
 * @param {Record<string, string>} [headers] with every page
 */
export async function startApp(headers = {}) {
  const app = {
    saved: { title: 'From the server', text: '' },
    /** What was sent by forms. @type {URLSearchParams[]} */
    sent: [],
    /** The status with which sending a form is answered; 303 leads to the next page. */
    answer: 303,
    url: '',
    stop: () => {},
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app');
    if (request.method === 'POST') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      app.sent.push(form);
      if (pathname === '/htmx-save') response.end(`saved ${form.get('comment')}`);
      else if (app.answer === 303) response.writeHead(303, { location: '/next' }).end();
      else page(response, app.answer, '/form', app, headers);
      return;
    }
    const script = SCRIPTS[pathname];
    if (script) response.writeHead(200, { 'content-type': 'text/javascript' }).end(script());
    else page(response, PAGES[pathname] ? 200 : 404, pathname, app, headers);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(undefined)));
  app.url = `http://127.0.0.1:${server.address().port}`;
  app.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return app;
}

function page(response, status, path, app, headers) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
  response.end(`<!doctype html><html lang="en"><head><title>Page ${path}</title><meta name="viewport" content="width=device-width"></head>
<body><main><h1>Page ${path}</h1>${(PAGES[path] ?? (() => 'nothing'))(app)}</main></body></html>`);
}
