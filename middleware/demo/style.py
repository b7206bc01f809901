"""The look of the page: one column on a phone, two beside each other on a desk, light or dark, and printable."""

from __future__ import annotations

CSS = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --card: #f6f8fa; --line: #d0d7de;
  --sealed: #0550ae; --clear: #116329; --used: #7d4e00; --removed: #8c3a3a; --good: #116329; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #0d1117; --card: #161b22;
  --line: #30363d; --sealed: #79b8ff; --clear: #7ee787; --used: #e3b341; --removed: #e0938c; --good: #7ee787;
  --bad: #ff938a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 88rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 0; } h3, h4 { margin: 1rem 0 .4rem; }
h3 { font-size: 1rem; } h4 { font-size: .9rem; }
p { margin: .4rem 0; max-width: 70ch; } a { color: var(--sealed); }
.note { color: var(--soft); font-size: .9rem; }
.summary { font-weight: 700; font-size: 1.1rem; } .kept { color: var(--good); } .broken { color: var(--bad); }
.promises { list-style: none; padding: 0; margin: 1rem 0; border: 1px solid var(--line); border-radius: .5rem; }
.promises > li { padding: .6rem .9rem; border-top: 1px solid var(--line); } .promises > li:first-child { border: 0; }
.promises b { display: inline-block; min-width: 4.5rem; } .promises code { font-weight: 600; }
.promises ul { margin: .3rem 0; padding-left: 1.2rem; color: var(--bad); overflow-wrap: anywhere; }
.promises div { color: var(--soft); font-size: .85rem; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1rem 0; font-size: .85rem; }
nav a { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; text-decoration: none;
  color: inherit; }
.legend { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; font-size: .9rem; margin: .5rem 0; }
section { border: 1px solid var(--line); border-radius: .5rem; margin: 1.5rem 0; padding: 1rem; }
section > header { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; }
.columns { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 1.2rem; }
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } body { padding: .8rem; } }
.json, dl { background: var(--card); border-radius: .4rem; padding: .6rem .7rem; margin: 0 0 .5rem;
  overflow-wrap: anywhere;
  font: .78rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.in { padding-left: 1.1rem; } .json > .in { padding: 0; } summary { cursor: pointer; }
.k { color: var(--soft); } .more { color: var(--soft); font-style: italic; }
.why { font-size: .7rem; border: 1px solid; border-radius: .6rem; padding: 0 .45rem; white-space: nowrap; }
.sealed { color: var(--sealed); } .clear { color: var(--clear); } .used, .index { color: var(--used); }
.removed { color: var(--removed); } .removed > .v { text-decoration: line-through; }
.l .k, summary .k { color: var(--ink); } .sealed > .v, .clear > .v { font-weight: 700; }
bdi { unicode-bidi: isolate; }
dt { font-weight: 700; } dd { margin: 0 0 .4rem 1.1rem; }
table { border-collapse: collapse; font-size: .85rem; } .scroll { overflow-x: auto; }
.columns table { font-size: .78rem; width: 100%; } .columns th, .columns td { padding-right: .5rem; }
.day { white-space: nowrap; }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.said { white-space: pre; overflow-x: auto; color: var(--soft); }
figure { margin: 0; } figcaption { font-size: .8rem; color: var(--soft); }
.label { background: #fff; border: 1px solid var(--line); width: 100%; max-width: 17rem; fill: #000;
  font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
@media print { body { max-width: none; padding: 0; font-size: 9pt; } nav { display: none; }
  section { break-inside: auto; }
  figure, dl, .promises > li { break-inside: avoid; } .json { background: none; border: 1px solid #ccc; } }
"""
