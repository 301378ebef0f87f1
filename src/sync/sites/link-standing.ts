import { dayMs, formatDuration } from '../../base/index.ts';
import type { Links, Partner } from './links.ts';

/** What needs attention about the links of this machine. */
export interface LinkConcern {
  /** `link to north` */
  readonly subject: string;
  readonly state: 'failing' | 'silent' | 'ending' | 'ended';
  readonly text: string;
}

/** So long a link may fail, or hear nothing, before somebody is told: each is tried every quarter of an hour, from both sides. */
const patienceMs = dayMs;
/** Certificates that end within so long are to be made anew. */
const endingMs = 30 * dayMs;

/** All that needs attention about links, on this side of them. */
export function linkConcerns(links: Links, nowMs: number): readonly LinkConcern[] {
  const own = endConcern('this site', [links.own], nowMs);
  return [...own, ...links.partners.flatMap((partner) => partnerConcerns(partner, nowMs))];
}

function partnerConcerns(partner: Partner, nowMs: number): readonly LinkConcern[] {
  const { name, bundle, trouble, since, reachedBy = since } = partner;
  const subject = `link to ${name}`;
  const failing: LinkConcern[] =
    trouble === undefined || nowMs - trouble.since < patienceMs
      ? []
      : [
          {
            subject,
            state: 'failing',
            text: `the link to ${name} has not worked since ${new Date(trouble.since).toISOString()}: ${trouble.message}`,
          },
        ];
  const silent: LinkConcern[] =
    failing.length > 0 || nowMs - reachedBy < patienceMs
      ? []
      : [
          {
            subject,
            state: 'silent',
            text: `the site ${name} has not reached this one since ${new Date(reachedBy).toISOString()}, ${formatDuration(dayMs)} and more ago`,
          },
        ];
  return [...failing, ...silent, ...endConcern(`the site ${name}`, [bundle], nowMs)];
}

function endConcern(
  whose: string,
  bundles: readonly Pick<Partner['bundle'], 'root' | 'servers' | 'clients'>[],
  nowMs: number,
): LinkConcern[] {
  const ends = bundles
    .flatMap(({ root, servers, clients }) => [root, ...servers, ...clients])
    .map(({ notAfter }) => notAfter.getTime());
  const endMs = Math.min(...ends);
  if (endMs - nowMs > endingMs) return [];
  const isOver = endMs < nowMs;
  return [
    {
      subject: `link certificates of ${whose}`,
      state: isOver ? 'ended' : 'ending',
      text: `the certificates for links of ${whose} ${isOver ? 'ended' : 'end'} ${new Date(endMs).toISOString()}: there, holdfast site regenerate`,
    },
  ];
}
