// The page of the example: it knows orders by the shop's own ids, and asks the shop's own server for everything.
"use strict";

const WORDS = {
  waiting: "on its way to the parcel platform",
  claimed: "on its way to the parcel platform",
  held: "waits for an earlier version to be cancelled",
  blocked: "waits",
  delivered: "label ready",
  cancelling: "is being cancelled",
  cancelled: "cancelled",
  withdrawn: "cancelled",
  dead: "failed: ask who runs Parcelveil",
  quarantined: "failed: ask who runs Parcelveil",
};
const LATE = "; too late to change or cancel it here: ask the parcel platform";
const MOVING = ["waiting", "claimed", "held", "cancelling"];
const PAUSE = 2000; // milliseconds between two looks

const address = (what, order) => `ship?do=${what}&order=${encodeURIComponent(order)}`;

async function ask(what, order, method = "GET") {
  // A page of somebody else's cannot send this header: the browser asks first, and this server does not answer.
  const answer = await fetch(address(what, order), { method, headers: { "X-Plug-In": "page" } });
  return { status: answer.status, told: await answer.json() };
}

function make(tag, text, onclick) {
  const element = document.createElement(tag);
  element.textContent = text; // never as markup: a customer chose some of these words
  if (onclick) element.addEventListener("click", onclick);
  return element;
}

function inWords(problem) {
  const code = problem.type.split(":").pop();
  const places = (problem.errors || []).map((one) => `${one.pointer}: ${one.code}`);
  return [`${problem.title} (${code})`, ...places].join("\n");
}

function show(row, { status, told }) {
  const [, , state, barcode, deeds] = row.cells;
  deeds.replaceChildren();
  state.className = "";
  if (status === 404) {
    state.textContent = "no label yet";
    deeds.append(make("button", "Make label", () => act(row, "make")));
  } else if (status >= 400) {
    state.className = "problem";
    state.textContent = inWords(told);
    deeds.append(make("button", "Try again", () => act(row, "make")), make("button", "Look", () => look(row)));
  } else {
    state.textContent = WORDS[told.state] + (told.changed_after_delivery ? LATE : "");
    barcode.textContent = told.barcode || "";
    if (told.state === "delivered") {
      const label = make("a", "Label");
      label.href = address("label", row.id);
      label.target = "_blank";
      deeds.append(label, " ");
    }
    const cancellable = ["delivered", "waiting"].includes(told.state) && !told.changed_after_delivery;
    if (cancellable) deeds.append(make("button", "Cancel", () => act(row, "cancel")));
    if (MOVING.includes(told.state)) setTimeout(() => look(row), PAUSE);
  }
}

async function look(row) {
  show(row, await ask("state", row.id));
}

async function act(row, what) {
  for (const button of row.querySelectorAll("button")) button.disabled = true;
  row.cells[2].textContent = "…";
  const answer = await ask(what, row.id, "POST");
  const refused = answer.status >= 400;
  if (refused && what === "make") return show(row, answer);
  await look(row); // what stands now, and what can still be done about it
  if (refused) {
    row.cells[2].className = "problem";
    row.cells[2].textContent = inWords(answer.told);
  }
}

async function start() {
  const { told } = await ask("orders", "");
  for (const { id, name, to } of told) {
    const row = document.getElementById("orders").insertRow();
    row.id = id;
    for (const text of [name, to, "", "", ""]) row.insertCell().textContent = text;
    look(row);
  }
}

start();
