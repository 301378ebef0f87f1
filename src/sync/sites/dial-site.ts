import type { Agent } from 'node:https';
import { type Clock, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { askHttp, type HttpAnswer, type HttpRequest, PinnedDialer } from '../../transport/index.ts';
import { askForAnswer, greetNode, type LinkLine } from './ask-link.ts';
import { LinkCheck, linkVersions } from './link-messages.ts';
import { checkDialed } from './link-peer.ts';
import type { Links, Partner } from './links.ts';
import { parseBundle } from './site-bundle.ts';
import { followPartner } from './trust-partner.ts';

/** What a link is dialed with. */
export interface Dialing {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** A link to a site that answers and was checked: both sides show what the other trusts. */
export interface SiteConnection extends Disposable {
  /** What the site is called here. */
  readonly site: string;
  /** `https://host:port` of the node that answers. */
  readonly url: URL;
  /** Judged connections to that node, for whatever is asked of it. */
  readonly agent: Agent;
  /** Asks for something below `/-/link/`. Errors as `askHttp` */
  ask(
    request: Omit<HttpRequest, 'url' | 'agent' | 'socketPath'> & { readonly path: string },
  ): Promise<HttpAnswer>;
}

/**
 * Dials a site that is trusted here: the first of its nodes that answers, checked before anything else is asked of it. One that is
 * down is not noticed where another answers.
 * @throws HoldfastError `site_unknown`, `link_service_down`, `link_versions_differ`, `link_certificate_mismatch`, `link_refused`,
 *   `link_files_damaged`, and what a connection fails by
 */
export async function dialSite(links: Links, name: string, dialing: Dialing): Promise<SiteConnection> {
  const partner = links.partner(name);
  const dialer = dialerFor(links, partner, dialing);
  try {
    const line = await firstToAnswer(partner, { agent: dialer.agent(), signal: dialing.signal });
    await checkPair(links, partner, line, dialing);
    return connectionOf(partner, line, dialer);
  } catch (error) {
    dialer.close();
    await noteTrouble(links, name, error, dialing);
    throw error;
  }
}

/** Judges what a site shows by what is held of it. */
export function dialerFor(links: Links, partner: Partner, { clock }: Dialing): PinnedDialer {
  return new PinnedDialer({
    credentials: links.credentials('client'),
    judge: (chain) => checkDialed(partner, chain, new Date(clock.now())),
  });
}

async function firstToAnswer(
  { bundle }: Partner,
  line: Pick<LinkLine, 'agent' | 'signal'>,
): Promise<LinkLine> {
  let first: HoldfastError | undefined;
  for (const address of bundle.addresses) {
    try {
      const to = { ...line, address };
      await greetNode(to);
      return to;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      line.signal?.throwIfAborted();
      first ??= error;
    }
  }
  throw first ?? new TypeError('a site without an address');
}

/**
 * Both sides tell what they are, and take from the other what is newer and signed by the root that they trust.
 * @throws HoldfastError `link_refused`, `link_certificate_mismatch`, `site_changed`
 */
export async function checkPair(
  links: Links,
  partner: Partner,
  line: LinkLine,
  { clock }: Dialing,
): Promise<Links> {
  const message = { bundle: links.own.text, holds: partner.bundle.sequence };
  const { value } = await askForAnswer(line, { path: 'check', message, answer: LinkCheck });
  const theirs = parseBundle(value.bundle);
  return await links.change((state) => {
    const isNewer = theirs.sequence > partner.bundle.sequence;
    const { state: next } = isNewer ? followPartner(state, partner.name, theirs) : { state };
    return {
      ...next,
      partners: next.partners.map((each) => {
        if (each.name !== partner.name) return each;
        const { trouble: _over, ...good } = each;
        return { ...good, knows: value.holds, reached: clock.now() };
      }),
    };
  });
}

function connectionOf({ name }: Partner, { address, agent }: LinkLine, dialer: PinnedDialer): SiteConnection {
  const url = new URL(`https://${address}`);
  return {
    site: name,
    url,
    agent,
    ask: ({ path, headers, ...request }) =>
      askHttp({
        ...request,
        url: new URL(path, url),
        headers: { 'holdfast-link': String(linkVersions.at(-1)), ...headers },
        agent,
      }),
    [Symbol.dispose]: () => dialer.close(),
  };
}

/** What keeps a link from working is kept, with the time since when, until it works again. */
async function noteTrouble(
  links: Links,
  name: string,
  error: unknown,
  { clock, signal }: Dialing,
): Promise<void> {
  if (!isHoldfastError(error) || signal?.aborted === true) return;
  const { code, message } = error;
  await links.note(name, (partner) => {
    const since = partner.trouble?.code === code ? partner.trouble.since : clock.now();
    return { ...partner, trouble: { code, message, since } };
  });
}
