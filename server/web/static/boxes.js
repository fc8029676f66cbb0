// Scanners do not wait: each code leaves the field at once, and all is sent in its turn. Without this script the whole page comes anew.
const scanning = document.querySelector(".scanning");
const shown = ["#count", ".boxes"];
let sent = Promise.resolve();

const send = async (address, body) => {
  const answer = await fetch(address, { method: "POST", body });
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("#count")) return location.reload(); // signed out, or finished in another window
  for (const part of shown) document.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
};

const fail = () => {
  const said = document.querySelector(".said");
  said.className = "said said-failed";
  said.textContent = scanning.dataset.failed;
};

if (scanning) {
  document.querySelector("main").addEventListener("submit", (told) => {
    const form = told.target;
    told.preventDefault();
    if (form.matches(".finish")) return sent.then(() => form.submit());
    const body = new URLSearchParams(new FormData(form, told.submitter));
    if (form === scanning) form.reset();
    scanning.elements.code.focus();
    sent = sent.then(() => send(form.action, body)).catch(fail);
  });
}
