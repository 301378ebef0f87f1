import { constants, type FileHandle, open } from 'node:fs/promises';
import { type Clock, systemErrorCode } from '../../base/index.ts';
import {
  escrowFingerprint,
  type KitEscrow,
  kitEscrowLine,
  kitEscrows,
  maxKitLength,
} from '../../enrol/index.ts';
import type { Recording } from '../log/index.ts';

/** What is kept for people with the recovery kit is put on record with this. */
export interface Escrowing extends Recording {
  readonly clock: Clock;
  readonly care: {
    /** Where `init` writes the recovery kit, whether it is still there or not. */
    readonly recoveryKit?: string | undefined;
  };
}

/** So many passwords are noted: a kit is read by people, and what `init` wrote has to stay readable. */
const maxNoted = 2000;

/** Contexts in which the kit has been brought up to date. */
const noted = new WeakSet<Escrowing>();

/**
 * Adds the fingerprints of what was sealed to the recovery kit at `path`, as long as it is still on this machine; what
 * it names already is not repeated. The file is never made, and what is in it never changed: it may be the only copy.
 */
export async function noteOnKit(path: string, escrows: readonly KitEscrow[]): Promise<void> {
  await using handle = await openIfThere(path);
  if (handle === undefined || (await handle.stat()).size > maxKitLength / 2) return;
  const text = await handle.readFile('utf8');
  const lines = linesToAdd(text, escrows);
  if (lines.length === 0) return;
  // What was cut short by a crash ends its line before the next begins.
  await handle.appendFile(`${text.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`);
  await handle.sync();
}

/** Notes all that is kept: once for each time that the authority is opened. */
export async function noteAllOnKit(context: Escrowing): Promise<void> {
  const { care, records } = context;
  if (care.recoveryKit === undefined || noted.has(context)) return;
  const rows = await records.escrows.after(0, maxNoted);
  const escrows = rows.map(({ identity: node, sealed }) => ({
    node,
    fingerprint: escrowFingerprint(sealed),
  }));
  await noteOnKit(care.recoveryKit, escrows);
  noted.add(context);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function linesToAdd(text: string, escrows: readonly KitEscrow[]): string[] {
  const there = kitEscrows(text).map(kitEscrowLine);
  return [...new Set(escrows.map(kitEscrowLine))]
    .filter((line) => !there.includes(line))
    .slice(0, Math.max(0, maxNoted - there.length));
}
