import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  type Bytes,
  HoldfastError,
  makePrivateDirectory,
  Secret,
  whyNotWritten,
  writeFileAtomic,
} from '../base/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../pki/index.ts';
import { boundAnchors, type Keystore } from '../trust/index.ts';
import type { Node } from './node.ts';
import type { ExportRecord, NodeState } from './node-state.ts';
import { certificateLabel, pendingLabel } from './pending-requests.ts';

const environmentFile = 'restic.env';

/** Which files an export writes. */
export type ExportLayout = ExportRecord['layout'];

/**
 * Writes this node's certificate and key for other programs and remembers to do it again at each renewal.
 * `pem`: ca.pem (root alone), client.pem (leaf, then issuing), client.key. Everything 0600, each file whole or not at all.
 */
export async function exportPem(node: Node, directory: string): Promise<void> {
  await makeDirectory(directory);
  await writeLayout(node, { layout: 'pem', directory });
  await rememberExport(node, { layout: 'pem', directory });
}

/**
 * Writes this node's certificate and key as SEP sesam's `ini` directory has them, and remembers to do it again: ca/rootCA.pem,
 * and x.509/client.pem and client.key, or for a server ssl/server.pem and server.key. Keys are 0600.
 */
export async function exportSesam(node: Node, directory: string): Promise<void> {
  for (const each of ['ca', ownSesamFiles(node).directory]) await makeDirectory(join(directory, each));
  await writeLayout(node, { layout: 'sesam', directory });
  await rememberExport(node, { layout: 'sesam', directory });
}

/**
 * Writes what the restic program needs to use this node's repository at `repositoryUrl`: ca.pem, client.pem (chain and
 * key), password, restic.env, restic.sh. `password` is that of a key made for this export.
 */
export async function exportRestic(
  node: Node,
  directory: string,
  repositoryUrl: string,
  password: Secret<string>,
): Promise<void> {
  await makeDirectory(directory);
  await writeFileAtomic(join(directory, 'password'), `${password.reveal()}\n`);
  await writeFileAtomic(join(directory, environmentFile), resticEnvironment(directory, repositoryUrl));
  await writeFileAtomic(join(directory, 'restic.sh'), resticScript, { mode: 0o700 });
  await writeLayout(node, { layout: 'restic', directory });
  await rememberExport(node, { layout: 'restic', directory });
}

/** Forgets an export; its files stay. `path_not_found` when it was not remembered. */
export async function forgetExport(node: Node, directory: string): Promise<void> {
  if (!node.state.exports.some((one) => one.directory === directory)) {
    throw new HoldfastError('path_not_found', `${directory} is not a remembered export`, {
      hint: 'holdfast cert export --list shows them',
    });
  }
  await node.updateState((state) => ({ exports: withoutExport(state, directory) }));
}

/** Writes the certificate files of every remembered export again; gives those that could not be written. */
export async function rewriteExports(node: Node): Promise<readonly { directory: string; cause: unknown }[]> {
  const failures: { directory: string; cause: unknown }[] = [];
  for (const record of node.state.exports) {
    await writeLayout(node, record).catch((cause: unknown) =>
      failures.push({ directory: record.directory, cause }),
    );
  }
  return failures;
}

/** The remembered exports that show another certificate than the present one: a crash came before they were rewritten. */
export async function staleExports(node: Node): Promise<readonly ExportRecord[]> {
  const [leaf = new Uint8Array()] = node.credentials.current.chain;
  const present = certificatePem(leaf);
  const shown = await Promise.all(node.state.exports.map((record) => shownBy(node, record)));
  return node.state.exports.filter((_, index) => !(shown[index] ?? present).startsWith(present));
}

/** What is gone or cannot be read was taken away by somebody. */
async function shownBy(node: Node, { layout, directory }: ExportRecord): Promise<string | undefined> {
  const own = layout === 'sesam' ? ownSesamFiles(node) : { directory: '', name: 'client' };
  return await readFile(join(directory, own.directory, `${own.name}.pem`), 'utf8').catch(() => undefined);
}

async function writeLayout(node: Node, { layout, directory }: ExportRecord): Promise<void> {
  const { chain, privateKey } = node.credentials.current;
  const certificates = chain.map(certificatePem).join('');
  const key = privateKeyPem(exportPrivateKey(privateKey));
  const roots = (await rootsOf(node, { layout, directory })).map(certificatePem).join('');
  if (layout === 'sesam') return await writeSesam(node, directory, { certificates, key, roots });
  if (layout === 'restic') await writeFileAtomic(join(directory, 'client.pem'), certificates + key);
  else {
    await writeFileAtomic(join(directory, 'client.key'), key);
    await writeFileAtomic(join(directory, 'client.pem'), certificates);
  }
  await writeFileAtomic(join(directory, 'ca.pem'), roots);
}

/**
 * The root of the network alone; for restic also what the host of its repository may show. Other programs believe a root
 * for every name, so that one which is bound to another host goes into no file of theirs.
 */
async function rootsOf({ bundle }: Node, { layout, directory }: ExportRecord): Promise<readonly Bytes[]> {
  const { anchors, network } = bundle.current;
  const own = anchors.flatMap(({ speaksFor, certificate }) =>
    speaksFor.kind === 'network' && speaksFor.network === network ? [certificate] : [],
  );
  const url = layout === 'restic' ? await repositoryOrigin(directory) : undefined;
  if (url === undefined) return own;
  const { hostname, port } = url;
  const bound = boundAnchors(bundle.current, hostname, port === '' ? 443 : Number(port));
  return [...own, ...bound.map(({ certificate }) => certificate)];
}

/** As the export says it; undefined where that is gone. */
async function repositoryOrigin(directory: string): Promise<URL | undefined> {
  const text = await readFile(join(directory, environmentFile), 'utf8').catch(() => '');
  const said = /^export RESTIC_REPOSITORY='rest:(https:\/\/[^/']+)/m.exec(text)?.[1];
  return (said === undefined ? undefined : URL.parse(said)) ?? undefined;
}

async function writeSesam(
  node: Node,
  directory: string,
  texts: { readonly certificates: string; readonly key: string; readonly roots: string },
): Promise<void> {
  const { directory: own, name } = ownSesamFiles(node);
  const mode = 0o644;
  await writeFileAtomic(join(directory, own, `${name}.key`), texts.key);
  await writeFileAtomic(join(directory, own, `${name}.pem`), texts.certificates, { mode });
  await writeFileAtomic(join(directory, 'ca', 'rootCA.pem'), texts.roots, { mode });
}

function ownSesamFiles({ identity }: Node): { readonly directory: string; readonly name: string } {
  const isServer = identity.role === 'server' || identity.role === 'storage';
  return isServer ? { directory: 'ssl', name: 'server' } : { directory: 'x.509', name: 'client' };
}

async function rememberExport(node: Node, record: ExportRecord): Promise<void> {
  await node.updateState((state) => ({ exports: [...withoutExport(state, record.directory), record] }));
}

function withoutExport({ exports }: NodeState, directory: string): ExportRecord[] {
  return exports.filter((one) => one.directory !== directory);
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await makePrivateDirectory(directory);
  } catch (error) {
    throw new HoldfastError(
      'path_not_found',
      `${directory}: ${whyNotWritten(error) ?? 'it cannot be made'}`,
      {
        hint: 'name a folder that can be written to',
        cause: error,
      },
    );
  }
}

function resticEnvironment(directory: string, repositoryUrl: string): string {
  const variables = {
    RESTIC_REPOSITORY: `rest:${repositoryUrl}`,
    RESTIC_PASSWORD_FILE: join(directory, 'password'),
    RESTIC_CACERT: join(directory, 'ca.pem'),
    RESTIC_TLS_CLIENT_CERT: join(directory, 'client.pem'),
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoteForShell(value)}\n`)
    .join('');
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const resticScript = `#!/bin/sh
# restic with this machine's certificate. The two options are passed here because restic before 0.16 does not
# read RESTIC_CACERT and RESTIC_TLS_CLIENT_CERT.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/restic.env"
exec restic --cacert "$RESTIC_CACERT" --tls-client-cert "$RESTIC_TLS_CLIENT_CERT" "$@"
`;

const Copies = Type.Array(
  Type.Object({ file: Type.String(), at: Type.String() }, { additionalProperties: false }),
);

/** A file into which a private key was written, and when: it may be there still, and be copied further. */
type KeyCopy = Static<typeof Copies>[number];

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
  if (Check(Copies, stored)) return stored;
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
