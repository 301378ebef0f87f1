/** How the pages look, in light and dark, on a telephone and on a wide screen. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5a6575; --line: #d7dce3;
  --accent: #1f5fbf; --accent-ink: #ffffff; --good: #1d7a46; --bad: #b3261e; --wait: #8a5a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181f; --card: #1d232d; --ink: #e6eaf0; --soft: #9aa5b5; --line: #343c49;
    --accent: #7eb0ff; --accent-ink: #10151d; --good: #6fce97; --bad: #ff8f86; --wait: #f0bf63;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
header, main, footer { max-width: 44rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
header a { color: var(--soft); text-decoration: none; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.3rem 0 1.2rem; }
h2 { font-size: 1.15rem; margin: 0 0 0.6rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem; margin: 0 0 1.2rem; }
p { margin: 0 0 0.8rem; }
section > :last-child { margin-bottom: 0; }
label { display: block; font-weight: 600; margin: 0 0 0.25rem; }
.field { margin: 0 0 1rem; }
.hint { color: var(--soft); font-size: 0.9rem; margin: 0.25rem 0 0; }
textarea, input, select {
  width: 100%; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: 6px; padding: 0.55rem 0.65rem;
}
textarea, .mono { font-family: ui-monospace, monospace; font-size: 0.85rem; }
textarea { min-height: 13rem; resize: vertical; }
.mono { overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0 1rem; }
button, .button {
  display: inline-block; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
  color: var(--accent-ink); background: var(--accent); border: 0; border-radius: 6px; padding: 0.6rem 1.1rem;
  margin: 0 0.5rem 0.5rem 0;
}
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1rem; margin: 0 0 0.8rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.state { font-weight: 700; }
.approved { color: var(--good); } .denied, .expired { color: var(--bad); } .pending { color: var(--wait); }
.problem { border-left: 4px solid var(--bad); }
footer { color: var(--soft); font-size: 0.9rem; padding-bottom: 2rem; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; } button { width: 100%; } }
`;
