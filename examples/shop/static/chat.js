// The chat: shows events as they come and sends what is written. Without it the form works too.
const chat = document.getElementById("chat");
const log = document.getElementById("log");
const talk = document.getElementById("talk");
const form = document.getElementById("say");
const text = document.getElementById("text");
const state = document.getElementById("state");

/** The last event shown: whoever connects again asks for what came after it. */
let last = Number(chat.dataset.last);
let wait = 500;

const say = (words) => {
  state.textContent = words;
};

function bubble(message, mine) {
  const kind = mine ? "mine" : "theirs";
  const known = talk.querySelector(`.${kind}[data-message="${message}"] p`);
  if (known) return known;
  const item = document.createElement("li");
  item.className = kind;
  item.dataset.message = message;
  const who = document.createElement("span");
  who.className = "who";
  who.textContent = mine ? "You" : "Harbour desk";
  const words = document.createElement("p");
  item.append(who, words);
  talk.append(item);
  return words;
}

function show(kind, id, { message, text: words }) {
  // Numbers begin again when the shop does, and so does the conversation.
  if (id === 1 && last > 0) talk.replaceChildren();
  else if (id <= last) return;
  last = id;
  if (kind === "said") bubble(message, true).textContent = words;
  if (kind === "word") {
    const reply = bubble(message, false);
    // Screen readers are to hear the reply whole, not word by word.
    reply.ariaBusy = "true";
    reply.textContent = reply.textContent ? `${reply.textContent} ${words}` : words;
  }
  if (kind === "end") bubble(message, false).ariaBusy = "false";
  log.scrollTop = log.scrollHeight;
}

function connected() {
  wait = 500;
  chat.dataset.connected = "yes";
  say("");
}

/** Tries again, ever less often. */
function lost(again) {
  delete chat.dataset.connected;
  say("Not connected. Trying again; what you have written stays here.");
  setTimeout(again, wait);
  wait = Math.min(wait * 2, 15000);
}

function followEvents() {
  const source = new EventSource(`/chat/stream?after=${last}`);
  for (const kind of ["said", "word", "end"]) {
    source.addEventListener(kind, (event) => show(kind, Number(event.lastEventId), JSON.parse(event.data)));
  }
  source.addEventListener("open", connected);
  source.addEventListener("error", () => {
    // While it is connecting, the browser tries again by itself.
    if (source.readyState === EventSource.CLOSED) lost(followEvents);
    else say("Connecting again.");
  });
}

async function sendByFetch(words) {
  const answer = await fetch("/chat/messages", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text: words }),
  });
  if (answer.status !== 202) throw new Error(`status ${answer.status}`);
}

let socket;

function followSocket() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/chat/ws?after=${last}`);
  socket.addEventListener("open", connected);
  socket.addEventListener("message", (event) => {
    const { kind, id, ...data } = JSON.parse(event.data);
    if (kind === "refused") say(data.text);
    else show(kind, id, data);
  });
  socket.addEventListener("close", () => lost(followSocket));
}

async function sendBySocket(words) {
  if (socket.readyState !== WebSocket.OPEN) throw new Error("not connected");
  socket.send(JSON.stringify({ text: words }));
}

log.scrollTop = log.scrollHeight;

const overSocket = chat.dataset.over === "socket";
const send = overSocket ? sendBySocket : sendByFetch;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value;
  if (!words.trim()) return;
  try {
    await send(words);
    // What was written while it was on its way stays.
    if (text.value === words) text.value = "";
    say("");
  } catch {
    say("This message was not sent. It is still here; please send it again.");
  }
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

if (overSocket) followSocket();
else followEvents();
