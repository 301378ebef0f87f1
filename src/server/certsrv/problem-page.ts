import type { Refusal } from '../../enrol/index.ts';
import { type Html, html } from './html.ts';
import { certsrvPaths } from './page.ts';

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
