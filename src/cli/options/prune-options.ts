import { type Command, InvalidArgumentError } from 'commander';
import { parseSize, sizeForm } from '../../base/index.ts';
import type { PruneRules } from '../../repository/index.ts';
import { parseBytes } from './option-values.ts';

/** How much is moved to free how much, as it stands on a command line. */
export interface PruneRuleOptions {
  readonly maxUnused: PruneRules['maxUnused'];
  /** Bytes. */
  readonly maxRepackSize?: number;
  readonly repackCacheableOnly?: boolean;
  /** Bytes. */
  readonly repackSmallerThan?: number;
  readonly repackUncompressed?: boolean;
}

/** Adds restic's options of what is written anew, and gives their flags. */
export function addPruneOptions(command: Command): readonly string[] {
  const before = command.options.length;
  command
    .option(
      '--max-unused <limit>',
      'how much that nobody needs may stay: 5%, a size, or unlimited',
      parseUnused,
      parseUnused('5%'),
    )
    .option('--max-repack-size <size>', 'write no more than so much anew', parseBytes)
    .option('--repack-cacheable-only', 'write only packs with directories anew')
    .option('--repack-smaller-than <size>', 'put packs below this size together', parsePackBytes)
    .option('--repack-uncompressed', 'also write anew what is not compressed');
  const added = command.options.slice(before);
  added[0]?.default(parseUnused('5%'), '5%');
  return added.flatMap(({ long }) => long ?? []);
}

/** What the options say. */
export function pruneRulesOf(options: PruneRuleOptions): PruneRules {
  const { maxUnused, maxRepackSize, repackSmallerThan } = options;
  return {
    maxUnused,
    repackCacheableOnly: options.repackCacheableOnly === true,
    repackUncompressed: options.repackUncompressed === true,
    ...(maxRepackSize !== undefined && { maxRepackBytes: maxRepackSize }),
    ...(repackSmallerThan !== undefined && { repackSmallerThan }),
  };
}

/** What `prune` does when nothing else is said. */
export function usualPruneRules(): PruneRules {
  return pruneRulesOf({ maxUnused: parseUnused('5%') });
}

/** A share is one of all that is left: 5 % of 100 GB is 5 GB beside 95 GB that are needed. */
function parseUnused(text: string): PruneRules['maxUnused'] {
  if (text === 'unlimited') return () => Number.POSITIVE_INFINITY;
  const [, percent] = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(text) ?? [];
  if (percent !== undefined) return (usedBytes) => (Number(percent) / (100 - Number(percent))) * usedBytes;
  const bytes = parseSize(text);
  if (bytes === undefined)
    throw new InvalidArgumentError(`expected a share like 5%, unlimited, or ${sizeForm}`);
  return () => bytes;
}

/** Packs are made with 16 MiB: below a larger size all of them would be, each time. */
const mostPackBytes = 16 * 2 ** 20;

function parsePackBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes > 0 && bytes <= mostPackBytes) return bytes;
  throw new InvalidArgumentError('expected a size up to 16MiB, which is that of packs');
}
