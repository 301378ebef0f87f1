import type { RequestAnswer } from '../../enrol/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { type Html, html } from './html.ts';
import { certsrvPaths } from './page.ts';

const nothing: Html = html``;

/** How a request stands, and what can be fetched. */
export function requestPage(handle: string, answer: RequestAnswer): Html {
  const { state, identity, expires, reason, leftOut = [] } = answer;
  return html`
<section>
<dl>
<dt>State</dt><dd class="state ${state}">${state}</dd>
<dt>For</dt><dd>${identity}</dd>
${state === 'pending' ? html`<dt>Waits until</dt><dd>${plainTime(expires)}</dd>` : nothing}
${reason === undefined ? nothing : html`<dt>Reason</dt><dd>${reason}</dd>`}
${leftOut.map((each) => html`<dt>Left out</dt><dd>${each}</dd>`)}
</dl>
<p>${explanations[state]}</p>
${answer.chain === undefined ? nothing : downloads(handle, answer.chain)}
</section>
<section>
<h2>Come back to this request</h2>
<p>Keep this handle: whoever has it can see what became of the request, and nobody can tell it to you again.</p>
<p class="mono"><a href="${certsrvPaths.request(handle)}">${handle}</a></p>
</section>`;
}

const explanations = {
  pending: 'An administrator decides on it. Open this page again later.',
  approved: 'The certificate was issued.',
  denied: 'The administrator refused it. A new request can be handed in.',
  expired: 'Nobody decided on it in time. It is void; a new request can be handed in.',
} as const;

function downloads(handle: string, chain: readonly string[]): Html {
  const certificate = parseCertificate(Buffer.from(chain[0] ?? '', 'base64'));
  const link = (file: string, text: string): Html =>
    html`<a class="button" href="${certsrvPaths.certificate(handle, file)}">${text}</a>`;
  return html`
<dl>
<dt>Serial number</dt><dd class="mono">${certificate.serial}</dd>
<dt>Valid until</dt><dd>${plainTime(certificate.notAfter.toISOString())}</dd>
</dl>
<p>
${link('certificate.pem', 'Certificate and issuer (PEM)')}
${link('certificate.cer', 'Certificate (DER)')}
${link('certificate.p7b', 'Whole chain (PKCS #7)')}
</p>`;
}

function plainTime(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}
