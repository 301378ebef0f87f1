import type { RequestAnswer } from '../../enrol/index.ts';
import { parseCertificate, roles } from '../../pki/index.ts';
import { certsrvPaths, type Html, html } from './page.ts';

const profileWords = {
  server: 'Server: answers connections, has host names',
  storage: 'Storage node: keeps copies, has host names',
  client: 'Client: a machine that is backed up',
  admin: 'Administrator: a person',
} as const;

/** The form for a new request, and the one to follow another. */
export function homePage(): Html {
  return html`
<section>
<h2>Hand a request in</h2>
<form method="post" action="${certsrvPaths.submit}" autocomplete="off">
<div class="field">
<label for="request">Saved request</label>
<textarea id="request" name="request" required spellcheck="false" maxlength="98304"
 placeholder="-----BEGIN CERTIFICATE REQUEST-----" aria-describedby="request-hint"></textarea>
<p class="hint" id="request-hint">Paste the whole file: a PKCS #10 request, or a PKCS #7 renewal request; PEM or
plain base64.</p>
</div>
<div class="row">
<div class="field">
<label for="profile">Profile</label>
<select id="profile" name="profile">
<option value="">As the request says</option>
${roles.map((role) => html`<option value="${role}">${profileWords[role]}</option>`)}
</select>
</div>
<div class="field">
<label for="name">Name in the network</label>
<input id="name" name="name" maxlength="63" aria-describedby="name-hint" autocapitalize="none" spellcheck="false">
<p class="hint" id="name-hint">Optional; else made of the common name.</p>
</div>
</div>
<div class="field">
<label for="code">Join code</label>
<input id="code" name="code" maxlength="2048" aria-describedby="code-hint" autocapitalize="none" spellcheck="false">
<p class="hint" id="code-hint">Optional; with one the certificate is issued at once.</p>
</div>
<button type="submit">Submit</button>
</form>
</section>
<section>
<h2>Follow a request</h2>
<form method="post" action="${certsrvPaths.follow}" autocomplete="off">
<div class="field">
<label for="handle">Handle</label>
<input id="handle" name="handle" class="mono" required maxlength="64" autocapitalize="none" spellcheck="false">
<p class="hint">The 26 letters and digits that you were given.</p>
</div>
<button type="submit">Show</button>
</form>
</section>`;
}

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
