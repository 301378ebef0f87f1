import { HoldfastError } from '../../base/index.ts';
import type { SignedCheckpoint } from '../../enrol/index.ts';
import { type LogFilter, type LogHead, type LogPage, searchLog } from '../log/index.ts';
import { authorityDamaged } from '../records/index.ts';
import { ourCheckpoint, readKeptCheckpoint } from '../standing/index.ts';
import { type CheckedMirror, checkMirrors, type Mirroring } from './check-mirrors.ts';
import { checkpointFile, type LogMirror, maxCheckpointBytes, parseCheckpointFile } from './log-mirror.ts';

/** The log as an auditor sees it. */
export class Audit {
  readonly #context: Mirroring;

  constructor(context: Mirroring) {
    this.#context = context;
  }

  /** Looks for records, the newest first, a page at a time. See {@link searchLog}. */
  search(filter: LogFilter, page: { readonly before?: number; readonly limit: number }): Promise<LogPage> {
    return searchLog(this.#context.records, filter, page);
  }

  /** The exact texts of the records after number `after`, in order, at most `limit`: what the hashes are of. */
  async lines(after: number, limit: number): Promise<string[]> {
    const rows = await this.#context.records.log.after(after, limit);
    return rows.map(({ record }) => record);
  }

  /** Reads the whole log and checks it. See {@link verifyLog}. */
  verify(given?: SignedCheckpoint): Promise<VerifiedLog> {
    return verifyLog(this.#context, given);
  }
}

/** A checkpoint that the log passes through. */
export interface PassedCheckpoint {
  /** Where it was kept: `here`, `given`, or the name of a mirror. */
  readonly from: string;
  readonly epoch: number;
  readonly sequence: number;
  /** When it was signed, ISO 8601. */
  readonly at: string;
}

/** That the log is whole. */
export interface VerifiedLog {
  readonly head: LogHead;
  readonly checkpoints: readonly PassedCheckpoint[];
  /** Mirrors that could not be asked or do not hold all that they say, and why. */
  readonly unread: readonly { readonly mirror: string; readonly problem: string }[];
}

type Found = PassedCheckpoint & { readonly head: string };

/**
 * Reads the whole log: one chain without gaps, through every checkpoint that was signed here and kept, beside the
 * database, on mirrors, or by whoever gives one; and all that the mirrors hold of it, as a restore would. What the database
 * has on record of everything that the log speaks of has to be what the log says, in both directions.
 *
 * @throws HoldfastError `authority_damaged`, naming the first record that is wrong, or what is on record otherwise; `checkpoint_invalid` when the given one
 *   was not signed by this authority
 */
async function verifyLog(context: Mirroring, given?: SignedCheckpoint): Promise<VerifiedLog> {
  const found: Found[] = [];
  if (given !== undefined) found.push(fromGiven(context, given));
  const kept = await readKeptCheckpoint(context);
  if (kept !== undefined) found.push(fromKept(context, kept));
  const mirrors = await Promise.all(context.upkeep.mirrors.map((mirror) => fromMirror(context, mirror)));
  const read = mirrors.filter((each) => 'sequence' in each);
  const head = await context.log.verifyRecords([...found, ...read]);
  const damaged = (await checkMirrors(context, 0)).filter(({ name }) =>
    read.some(({ from }) => from === name),
  );
  const checkpoints = [...found, ...read].map(({ from, epoch, sequence, at }) => ({
    from,
    epoch,
    sequence,
    at,
  }));
  return {
    head,
    checkpoints,
    unread: [...mirrors.filter((each) => 'problem' in each), ...damaged.flatMap(damageOf)],
  };
}

function fromGiven({ issuer }: Mirroring, signed: SignedCheckpoint): Found {
  const checkpoint = ourCheckpoint(issuer, signed);
  if (checkpoint !== undefined) return { ...checkpoint, from: 'given' };
  throw new HoldfastError('checkpoint_invalid', 'the checkpoint was not signed by this authority');
}

function fromKept({ issuer }: Mirroring, signed: SignedCheckpoint | 'damaged'): Found {
  const checkpoint = signed === 'damaged' ? undefined : ourCheckpoint(issuer, signed);
  if (checkpoint !== undefined) return { ...checkpoint, from: 'here' };
  throw authorityDamaged('the checkpoint kept beside the database was not signed by this authority');
}

function damageOf({ name, problem }: CheckedMirror): VerifiedLog['unread'] {
  if (problem === undefined) return [];
  return [
    {
      mirror: name,
      problem: `it ${problem}; put an empty file ${checkpointFile} there, and it is written anew`,
    },
  ];
}

async function fromMirror(
  { issuer, present }: Mirroring,
  mirror: LogMirror,
): Promise<Found | VerifiedLog['unread'][number]> {
  const { name } = mirror;
  if (present.state.standing === 'superseded')
    return { mirror: name, problem: 'it belongs to the newer copy of this authority now' };
  try {
    const bytes = await mirror.read(checkpointFile, maxCheckpointBytes);
    const file = bytes && parseCheckpointFile(bytes);
    const checkpoint = file && ourCheckpoint(issuer, file.signed);
    if (checkpoint !== undefined) return { ...checkpoint, from: name };
    return { mirror: name, problem: 'it holds no checkpoint that this authority signed' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { mirror: name, problem: error.message };
  }
}
