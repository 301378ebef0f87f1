import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration, HoldfastError, minuteMs } from '../../base/index.ts';
import {
  closePairing,
  formatPairingCode,
  type Links,
  openPairing,
  pairWith,
  parsePairingCode,
} from '../../sync/index.ts';
import { parseDurationOption } from '../options/option-values.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type AnswerStream, note, type Row, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';

/** `holdfast site pair [CODE]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('code', '--expires'), needs('--name', 'code'))
      .description('trust another site, and have it trust this one, by a code of four words')
      .argument('[code]', 'the code that the other side has shown; without one, one is made here')
      .option('--expires <duration>', 'how long a code that is made here is good (15m)', parseDurationOption)
      .option('--name <name>', 'what the site is called here (default: as it calls itself)')
      .addHelpText('after', examples);
  },
  run: pairSite,
};

const examples = `
One side makes a code and waits; whoever is there reads it to the other side, over the telephone say. Both show the same four words in
the end: read them to each other. A code that is tried wrong once is of no use any more, on either side.

Examples:
  holdfast site pair
  holdfast site pair amber-river-falcon-oasis@vault.example:8446
`;

interface PairOptions {
  /** Milliseconds. */
  readonly expires?: number;
  readonly name?: string;
}

/** `holdfast site pair [CODE]` */
async function pairSite(
  context: Context,
  code: string | undefined,
  options: PairOptions,
): Promise<Answer | AnswerStream> {
  const links = await ownLinks(context);
  if (code === undefined) return { each: offered(context, links, options) };
  const { clock, signal } = context;
  const { name, trusted, compare } = await pairWith(links, {
    code: parsePairingCode(code),
    ...(options.name !== undefined && { name: options.name }),
    clock,
    signal,
  });
  return { value: { site: name, trusted, compare }, rows: pairedRows(name, compare) };
}

function pairedRows(site: string, compare: string): Row[] {
  return [
    row('paired', site, compare),
    note(`the other side shows the same words, else: holdfast site remove ${site}`),
  ];
}

const usualLifetimeMs = 15 * minuteMs;
const longestMs = 24 * 60 * minuteMs;
const lookEveryMs = 200;

/** What `site pair` gives where it makes the code: the code at once, and who has paired. */
async function* offered(
  { clock, signal }: Context,
  links: Links,
  { expires: lifetimeMs = usualLifetimeMs }: PairOptions,
): AnyValues {
  if (lifetimeMs > longestMs)
    throw new HoldfastError(
      'usage',
      `--expires ${formatDuration(lifetimeMs)}: a code is good for a day at most`,
    );
  const [address = ''] = links.own.addresses;
  const { words, password } = await openPairing(links, { lifetimeMs, clock });
  const code = formatPairingCode({ words, address });
  const expires = new Date(clock.now() + lifetimeMs).toISOString();
  try {
    yield {
      value: { code, expires },
      row: row('code', code, `good for ${formatDuration(lifetimeMs)}, once`),
    };
    const { site, compare } = await whoPairs(links, { password, clock, signal });
    yield { value: { site, compare }, row: row('paired', site, compare) };
  } finally {
    await closePairing(links, password);
  }
}

type AnyValues = AsyncGenerator<{ readonly value: unknown; readonly row: Row }>;

async function whoPairs(
  first: Links,
  { password, clock, signal }: Pick<Context, 'clock' | 'signal'> & { readonly password: string },
): Promise<{ readonly site: string; readonly compare: string }> {
  let links = first;
  for (;;) {
    links = await links.fresh();
    const { offer } = links.state;
    if (offer === undefined || offer.password !== password)
      throw new HoldfastError('pairing_closed', 'another code was made here meanwhile');
    if (offer.state === 'burnt')
      throw new HoldfastError('pairing_refused', 'somebody has tried a wrong code; it is burnt');
    const partner = links.partners.find(({ bundle }) => bundle.root.fingerprint === offer.by);
    if (offer.state === 'used' && partner !== undefined)
      return { site: partner.name, compare: offer.compare ?? '' };
    if (clock.now() >= offer.expires)
      throw new HoldfastError('pairing_closed', 'nobody has paired while the code was good');
    await sleep(lookEveryMs, undefined, { signal });
  }
}
