import { type Clock, HoldfastError, isHoldfastError, programVersion } from '../../base/index.ts';
import { LinkCheck, linkVersions, readMessage } from './link-messages.ts';
import type { LinkPeer } from './link-peer.ts';
import type { Links } from './links.ts';
import { parseBundle } from './site-bundle.ts';
import { failedStep, testThere } from './test-site.ts';
import { followPartner } from './trust-partner.ts';

/** What anybody is told who asks. */
export function linkHello(): unknown {
  return { holdfastLink: linkVersions, program: programVersion() };
}

/** @throws HoldfastError `link_versions_differ` for what a program says that speaks no version of ours */
export function checkVersion(said: string | string[] | undefined): void {
  if (linkVersions.some((version) => String(version) === said)) return;
  throw new HoldfastError(
    'link_versions_differ',
    `version ${String(said)} of the link was spoken, this side speaks ${linkVersions.join(', ')}`,
  );
}

/** Answers sites that are trusted here. */
export class LinkDesk {
  readonly #clock: Clock;
  /** Sites that a test back to them is under way for: it costs connections, and one at a time is enough. */
  readonly #testing = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes what a site says of itself, when it is newer and its trusted root has signed it, and says what this one is.
   * @throws HoldfastError `site_changed`, `site_file_damaged`, `input_invalid`
   */
  async check(links: Links, { site }: LinkPeer, message: unknown): Promise<unknown> {
    const { bundle: text, holds } = readMessage(LinkCheck, message);
    const theirs = parseBundle(text);
    const after = await links.change((state) => {
      const isNewer = theirs.sequence > links.partner(site).bundle.sequence;
      const { state: next } = isNewer ? followPartner(state, site, theirs) : { state };
      const told = { knows: holds, reachedBy: this.#clock.now() };
      return {
        ...next,
        partners: next.partners.map((each) => (each.name === site ? { ...each, ...told } : each)),
      };
    });
    return { bundle: after.own.text, holds: after.partner(site).bundle.sequence };
  }

  /** Dials the site that asks, and says what was found. @throws HoldfastError `rate_limited` while it is under way */
  async testBack(links: Links, { site }: LinkPeer, signal: AbortSignal): Promise<unknown> {
    if (this.#testing.has(site))
      throw new HoldfastError('rate_limited', 'a test back is under way', {
        hint: 'wait until it has ended',
      });
    this.#testing.add(site);
    try {
      const { steps } = await testThere(links, site, { clock: this.#clock, signal });
      return { steps };
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return { steps: [failedStep('way back', error)] };
    } finally {
      this.#testing.delete(site);
    }
  }
}
