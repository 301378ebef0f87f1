import type { Reply } from '../reply.ts';
import { type Html, html } from './html.ts';

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
export interface Page {
  readonly title: string;
  readonly network: string;
  readonly body: Html;
}

/** A whole document. No script, nothing from elsewhere. */
export function renderPage({ title, network, body }: Page): string {
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
