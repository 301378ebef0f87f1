import { dayMs } from '../../base/index.ts';
import { type LinkStep, Links, type Partner } from '../../sync/index.ts';
import type { AnswerOf } from '../answers.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatAge, plural } from '../terminal/format.ts';

/** A site that is trusted here, as it is shown. */
export type PartnerView = AnswerOf<'site list'>['sites'][number];

/** For which folders links are. */
export function sharesText(shares: 'all' | readonly string[]): string {
  return shares === 'all' ? 'every folder that is named for them' : shares.join(', ');
}

/** What is known of a partner, and what is missing so that both sides trust each other. */
export function viewPartner(links: Links, partner: Partner, nowMs: number): PartnerView {
  const { name, bundle, since, by, knows, reached, reachedBy, trouble } = partner;
  const missing = missingOf(links, partner, nowMs);
  return {
    site: name,
    network: bundle.network,
    root: bundle.root.fingerprint,
    networkRoot: bundle.networkRoot,
    sequence: bundle.sequence,
    addresses: [...bundle.addresses],
    shares: bundle.shares === 'all' ? 'all' : [...bundle.shares],
    since: new Date(since).toISOString(),
    by,
    until: endOf(partner).toISOString(),
    trustsUs: knows !== undefined,
    ...(knows !== undefined && { knows }),
    ...(reached !== undefined && { reached: new Date(reached).toISOString() }),
    ...(reachedBy !== undefined && { reachedBy: new Date(reachedBy).toISOString() }),
    ...(trouble && {
      trouble: { ...trouble, since: new Date(trouble.since).toISOString() },
    }),
    ...(missing !== undefined && { missing }),
  };
}

/** Certificates that end within so long are to be made anew. */
const endingMs = 30 * dayMs;

function missingOf({ own }: Links, partner: Partner, nowMs: number): string | undefined {
  const { knows, trouble, name } = partner;
  const leftMs = endOf(partner).getTime() - nowMs;
  if (leftMs <= 0) return `its certificates have ended: there, holdfast site regenerate`;
  if (knows === undefined)
    return `it has not said that it trusts this site: holdfast site export DIR, there holdfast site apply DIR; then holdfast site test ${name}`;
  if (knows < own.sequence)
    return `it holds number ${knows} of this site, and ${own.sequence} is the newest: bring it the files of holdfast site export DIR`;
  if (trouble !== undefined) return `for ${formatAge(nowMs - trouble.since)}: ${trouble.message}`;
  if (leftMs < endingMs)
    return `its certificates end in ${plural(Math.floor(leftMs / dayMs), 'day')}: there, holdfast site regenerate`;
  return undefined;
}

function endOf({ bundle }: Pick<Partner, 'bundle'>): Date {
  const ends = [bundle.root, ...bundle.servers, ...bundle.clients].map(({ notAfter }) => notAfter.getTime());
  return new Date(Math.min(...ends));
}

/** A step of a test, for people. */
export function stepRow(direction: string, { step, ok, found, code, next }: LinkStep): Row {
  const label = `${direction} ${step}`;
  return ok ? row(label, 'ok', found) : row(label, 'FAILED', `${found} [${code}]`, `next: ${next}`);
}
