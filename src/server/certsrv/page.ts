import type { Refusal } from '../../enrol/index.ts';
import type { Reply } from '../reply.ts';

/** Text that is HTML already; whatever else goes into a template is escaped. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | readonly Html[];

/**
 * A template whose parts are escaped, so that nothing a stranger wrote can become a part of the page: for text and for
 * attributes in double quotes, not for scripts or styles, of which there are none.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.reduce((page, text, at) => page + render(parts[at - 1] ?? '') + text) };
}

function render(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return 'html' in part ? part.html : part.map((each) => each.html).join('');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Where the pages are. */
export const certsrvPaths = {
  home: '/-/certsrv',
  style: '/-/certsrv/style.css',
  submit: '/-/certsrv/submit',
  follow: '/-/certsrv/follow',
  request: (handle: string): string => `/-/certsrv/requests/${handle}`,
  certificate: (handle: string, file: string): string => `/-/certsrv/requests/${handle}/${file}`,
  authority: (file: string): string => `/-/certsrv/authority/${file}`,
} as const;

/** A page of its own: what it is called, and what stands on it. */
interface Page {
  readonly title: string;
  readonly network: string;
  readonly body: Html;
}

/** A whole document. No script, nothing from elsewhere. */
function renderPage({ title, network, body }: Page): string {
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${network}</title>
<link rel="stylesheet" href="${certsrvPaths.style}">
</head>
<body>
<header><a href="${certsrvPaths.home}">Certificates of ${network}</a><h1>${title}</h1></header>
<main>${body}</main>
<footer>
Authority:
<a href="${certsrvPaths.authority('root.pem')}">root certificate (PEM)</a> ·
<a href="${certsrvPaths.authority('root.cer')}">DER</a> ·
<a href="${certsrvPaths.authority('issuing.crl')}">revocation list</a>
</footer>
</body>
</html>
`.html
  }`;
}

/** A page, which may load its style from here, send its forms here, and nothing else. */
export function pageReply(page: Page, status = 200): Reply {
  return {
    status,
    headers: { ...secured, 'content-type': 'text/html; charset=utf-8' },
    body: renderPage(page),
  };
}

/** The way to another page. */
export function redirect(location: string, status: 303 | 308): Reply {
  return { status, headers: { ...secured, location } };
}

/** Nothing of it is kept, framed, guessed at, or told to other sites, such as the handle in its address. */
export const secured: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Why something was refused, as far as whoever asked may know. */
export function problemPage({ code, message = 'The server says no more than that.' }: Refusal): Html {
  return html`
<section class="problem">
<p>${sentence(message)}</p>
<p class="hint">Code: ${code}</p>
</section>
<p><a href="${certsrvPaths.home}">Back to the form</a></p>`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

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
