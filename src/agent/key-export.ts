import type { KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Bytes, HoldfastError, Secret } from '../base/index.ts';
import type { Keystore } from '../trust/index.ts';
import { certificateLabel, pendingLabel } from './pending-requests.ts';

const Copies = Type.Array(
  Type.Object({ file: Type.String(), at: Type.String() }, { additionalProperties: false }),
);

/** A file into which a private key was written, and when: it may be there still, and be copied further. */
export type KeyCopy = Static<typeof Copies>[number];

/** The key of a request that was made on this machine, for the program it was made for. */
export interface RequestKey {
  /** The friendly name of the request. */
  readonly name: string;
  readonly privateKey: KeyObject;
  /** DER, the leaf first; nothing while the certificate has not come. */
  readonly chain: readonly Bytes[];
}

/**
 * The key of the request called `name`, before and after its certificate has come.
 * @throws HoldfastError `request_unknown`; of a request that made this machine a node, its key is the node's
 */
export function findRequestKey(keystore: Keystore, name: string): RequestKey {
  const certified = certificateLabel(name);
  if (keystore.has(certified))
    return { name, privateKey: keystore.key(certified), chain: keystore.certificate(certified) };
  const pending = pendingLabel(name);
  if (keystore.has(pending)) return { name, privateKey: keystore.key(pending), chain: [] };
  throw new HoldfastError('request_unknown', `this machine has no key of a request called ${name}`, {
    hint: "holdfast request pending shows those that wait; holdfast cert export DIR writes this machine's own",
  });
}

/**
 * Notes that a key is about to be in a file too, does `write`, and takes the note back when that fails: cut off, a copy is
 * rather noted that is not there than there and not noted.
 */
export async function withNotedCopy(
  keystore: Keystore,
  name: string,
  copy: KeyCopy,
  write: () => Promise<void>,
): Promise<void> {
  const before = keyCopiesOf(keystore, name);
  await note(keystore, name, [...before.filter(({ file }) => file !== copy.file), copy]);
  try {
    await write();
  } catch (error) {
    await note(keystore, name, before);
    throw error;
  }
}

/** The files into which the key of a request was written, as far as is known. @throws HoldfastError `keystore_damaged` */
export function keyCopiesOf(keystore: Keystore, name: string): KeyCopy[] {
  const label = copiesLabel(name);
  if (!keystore.has(label)) return [];
  const stored: unknown = JSON.parse(Buffer.from(keystore.secret(label).reveal()).toString('utf8'));
  if (Value.Check(Copies, stored)) return stored;
  throw new HoldfastError('keystore_damaged', `what is noted of copies of the key of ${name} is damaged`);
}

async function note(keystore: Keystore, name: string, copies: readonly KeyCopy[]): Promise<void> {
  await keystore.update((entries) => {
    if (copies.length === 0) entries.remove(copiesLabel(name));
    else entries.putSecret(copiesLabel(name), new Secret(Buffer.from(JSON.stringify(copies))));
  });
}

function copiesLabel(name: string): string {
  return `copies ${name}`;
}
