import { roles } from '../../pki/index.ts';
import { type Html, html } from './html.ts';
import { certsrvPaths } from './page.ts';

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
