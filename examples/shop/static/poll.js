// Asks once a second, whether or not anyone is looking.
const show = (id, words) => {
  document.getElementById(id).textContent = String(words);
};

let answers = 0;
let refusals = 0;

async function ask() {
  const now = new Date().toLocaleTimeString();
  try {
    const answer = await fetch("/api/echo", { method: "POST", body: now });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show("latest", await answer.text());
    show("answers", ++answers);
  } catch (error) {
    show("refusals", ++refusals);
    show("latest", error.message);
  }
  setTimeout(ask, 1000);
}

ask();
