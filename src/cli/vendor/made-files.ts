import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import type { Home } from '../home/home.ts';

const Pair = Type.Object({ certificate: Type.String(), key: Type.String() }, { additionalProperties: false });

const MadeFiles = Type.Object(
  { client: Type.Optional(Pair), server: Type.Optional(Pair) },
  { additionalProperties: false },
);

/** Where `sm_ssl_cert` wrote its last certificates and keys: absolute paths. The keys are there and nowhere else. */
export type MadeFiles = Static<typeof MadeFiles>;

/** What is remembered in `home`. @throws HoldfastError `settings_invalid` */
export async function readMadeFiles(home: Home): Promise<MadeFiles> {
  const path = madeFilesPath(home);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '{}';
    throw error;
  });
  const value = parse(text);
  if (Check(MadeFiles, value)) return value;
  throw new HoldfastError('settings_invalid', `${path} does not say where sm_ssl_cert wrote its files`, {
    hint: 'delete it and run sm_ssl_cert client and sm_ssl_cert server again',
  });
}

/** Remembers what was written last of one kind. */
export async function rememberMade(home: Home, made: MadeFiles): Promise<void> {
  const all = { ...(await readMadeFiles(home)), ...made };
  await writeFileAtomic(madeFilesPath(home), `${JSON.stringify(all)}\n`);
}

/** Where it is remembered. */
export function madeFilesPath(home: Home): string {
  return join(home.path, 'sesam.json');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
