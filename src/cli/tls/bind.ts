import { createPrivateKey, type KeyObject } from 'node:crypto';
import { completePending, findOwnCertificate, openOrCreateKeystore } from '../../agent/index.ts';
import { asBuffer, type Bytes, equalBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { type Certificate, exportPublicKey, formatName, parseCertificate, signed } from '../../pki/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import {
  checkServerUse,
  type Keystore,
  type KeystoreEditor,
  validatePath,
  verifyServerName,
} from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { readChosenFile } from '../files/read-chosen-file.ts';
import { withAdmin } from '../home/administering.ts';
import { type Home, openHome } from '../home/home.ts';
import { listenersOf, readSettings, type Settings } from '../home/settings.ts';
import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type BindingTarget, bindingLabel } from '../serving/server-bindings.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast tls bind FILE --host NAME | --listener NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--host', '--listener'));
    command
      .description(
        'show a certificate from elsewhere to whoever names a host (SNI), or to everybody at a listener',
      )
      .argument('<file>', 'the certificate, then each that signed the one before: PEM, DER or PKCS#7')
      .option('--host <name>', 'for this host name; *.DOMAIN for those one label below')
      .option(
        '--listener <name>',
        'for every connection of this listener: main, open, or one of the settings',
      )
      .option('--key <file>', 'its private key in PEM (default: the one of holdfast request complete)')
      .option('--roots <file>', 'roots by which clients of this network take it, for these hosts alone')
      .addHelpText('after', examples);
  },
  run: bindCertificate,
};

const examples = `
A running server shows it from the next connection on; those that are open go on.

Examples:
  holdfast tls bind vault.pem --host vault.example --roots outside-root.pem
  holdfast tls bind vault.pem --listener open
`;

/** What a certificate is bound to, as it is typed. */
export interface TargetOptions {
  readonly host?: string;
  readonly listener?: string;
}

/** What `tls bind` takes. */
export interface BindOptions extends TargetOptions {
  readonly key?: string;
  readonly roots?: string;
}

/** `holdfast tls bind FILE`: everything is checked before anything is changed. */
export async function bindCertificate(context: Context, file: string, options: BindOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const settings = await serverSettings(home);
  const target = targetOf(options, settings);
  const path = (name: string): string => localPath(context.workingDirectory, name);
  const chain = await readCertificates(path(file));
  const roots = options.roots === undefined ? [] : await readCertificates(path(options.roots));
  const givenKey = options.key === undefined ? undefined : await readKey(path(options.key));
  const leaf = checkChain(chain, new Date(context.clock.now()));
  if (target.kind === 'host') checkHost(leaf, target.name);
  if (roots.length > 0) checkAsClients(chain, roots, new Date(context.clock.now()));
  const keystore = await openOrCreateKeystore(home.node);
  const key = givenKey ?? (await waitingKey(keystore, chain, leaf));
  checkPair(leaf, key);
  await changeBinding(keystore, target, { chain, key }, async () => {
    await withAdmin(context, (admin) =>
      admin.call('tls.bind', {
        target: `${target.kind} ${target.name}`,
        fingerprint: leaf.fingerprint,
        hosts: hostsOf(target, leaf, settings),
        roots: roots.map((der) => asBuffer(der).toString('base64')),
      }),
    );
  });
  return boundAnswer(context, { target, leaf, settings, roots: roots.length });
}

/** `holdfast tls unbind` */
export async function unbindCertificate(context: Context, options: TargetOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const settings = await serverSettings(home);
  const target = targetOf(options, settings);
  const keystore = await openOrCreateKeystore(home.node);
  const label = [bindingLabel(target), leavingLabel(target)].find((each) => keystore.has(each));
  if (label === undefined) throw notBound(target);
  const leaf = parseCertificate(keystore.certificate(label)[0] as Bytes);
  await removeBinding(keystore, target, async () => {
    const hosts = hostsOf(target, leaf, settings);
    await withAdmin(context, (admin) =>
      admin.call('tls.unbind', { target: `${target.kind} ${target.name}`, hosts }),
    );
  });
  return {
    value: target,
    rows: [row('unbound', `${target.kind} ${target.name}`, "the network's own certificate is shown again")],
  };
}

async function serverSettings(home: Home): Promise<Settings> {
  const settings = await readSettings(home);
  if (settings !== undefined) return settings;
  throw new HoldfastError('home_missing', `there is no server in ${home.path}`, {
    hint: 'run this on the machine of the server, or name its home with --home DIR',
  });
}

function targetOf({ host, listener }: TargetOptions, settings: Settings): BindingTarget {
  if (host !== undefined) return { kind: 'host', name: hostName(host) };
  const names = listenersOf(settings).flatMap(({ kind, name }) => (kind === 'tls' ? [name] : []));
  if (listener !== undefined && names.includes(listener)) return { kind: 'listener', name: listener };
  throw new HoldfastError('usage', `there is no TLS listener ${listener}, expected ${names.join(' or ')}`, {
    hint: 'holdfast status shows the listeners of a running server',
  });
}

/** SNI carries host names only (RFC 6066 §3), so nothing can be bound to an address. */
function hostName(text: string): string {
  const [name, ...others] = parseRequestedNames([text]).names;
  if (name?.kind === 'dns' && others.length === 0) return name.value;
  throw new HoldfastError(
    'name_invalid',
    `--host ${text}: expected one host name, since clients name no addresses`,
    {
      hint: 'bind it to a whole listener instead: --listener NAME',
    },
  );
}

/** The first certificate, when the others lead on from it and all of them are valid. */
function checkChain(chain: readonly Bytes[], now: Date): Certificate {
  const certificates = chain.map((der) => parseCertificate(der));
  for (const [index, certificate] of certificates.entries()) {
    const { notBefore, notAfter, subject } = certificate;
    if (now > notAfter)
      throw refused('certificate_expired', `${formatName(subject)} ended ${notAfter.toISOString()}`);
    if (now < notBefore)
      throw refused('certificate_not_yet_valid', `${formatName(subject)} begins ${notBefore.toISOString()}`);
    const next = certificates[index + 1];
    if (next !== undefined && !signed(next, certificate)) {
      const found = `${formatName(next.subject)} stands after ${formatName(subject)} and did not sign it`;
      throw refused('certificate_not_allowed', `the chain is out of order: ${found}`);
    }
  }
  checkUse(certificates);
  return certificates[0] as Certificate;
}

function checkUse(chain: readonly Certificate[]): void {
  try {
    checkServerUse(chain);
  } catch (error) {
    if (!isHoldfastError(error, 'certificate_not_allowed')) throw error;
    throw new HoldfastError(error.code, error.message, {
      hint: 'ask its authority for a certificate of a server: serverAuth, and a key that signs',
      cause: error,
    });
  }
}

/** What clients are told to believe has to lead them to this certificate, by all that they look at. */
function checkAsClients(chain: readonly Bytes[], roots: readonly Bytes[], at: Date): void {
  const [leaf, ...intermediates] = chain as [Bytes, ...Bytes[]];
  checkEnd(parseCertificate(chain.at(-1) as Bytes), roots);
  validatePath({ leaf, intermediates, anchors: roots, at, purpose: 'serverAuth' });
}

/** What clients are told to believe has to be where the chain leads. */
function checkEnd(last: Certificate, roots: readonly Bytes[]): void {
  const leads = roots.some((root) => equalBytes(root, last.der) || signed(parseCertificate(root), last));
  if (leads) return;
  const [found, expected] = [formatName(last.subject), formatName(last.issuer)];
  throw refused(
    'certificate_not_allowed',
    `the chain ends with ${found}, which no root in --roots signed; expected ${expected} in one of them`,
  );
}

function refused(
  code: 'certificate_expired' | 'certificate_not_yet_valid' | 'certificate_not_allowed',
  message: string,
): HoldfastError {
  return new HoldfastError(code, message, {
    hint: 'put the certificate of the server first, then each that signed the one before, all of them valid',
  });
}

/** What nobody would take for this host is not bound to it. */
function checkHost(leaf: Certificate, host: string): void {
  verifyServerName(leaf, host.replace(/^\*\./, 'any.'));
}

/** The key that waits for this certificate, or that was paired with it before. */
async function waitingKey(
  keystore: Keystore,
  chain: readonly Bytes[],
  leaf: Certificate,
): Promise<KeyObject> {
  const own = findOwnCertificate(keystore, leaf);
  if (own !== undefined) return keystore.key(own.label);
  await completePending(keystore, chain);
  const paired = findOwnCertificate(keystore, leaf);
  if (paired !== undefined) return keystore.key(paired.label);
  throw refused(
    'certificate_not_allowed',
    `the first certificate ${formatName(leaf.subject)} is not the one with a key here`,
  );
}

const maxKeyBytes = 1024 * 1024;

async function readKey(path: string): Promise<KeyObject> {
  const hint = 'name the file with the private key in PEM: --key FILE';
  const text = await readChosenFile(path, { maxBytes: maxKeyBytes, hint, tooLong: 'key_malformed' });
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new HoldfastError('key_malformed', `${path} holds no unencrypted private key in PEM`, { cause });
  }
}

function checkPair(leaf: Certificate, key: KeyObject): void {
  if (equalBytes(exportPublicKey(key), leaf.spki)) return;
  throw new HoldfastError(
    'certificate_not_allowed',
    `the private key does not belong to the certificate ${formatName(leaf.subject)}`,
    { hint: 'name the key that its request was made with: --key FILE' },
  );
}

/** Under which label a binding waits until the server knows that it is none any more. */
function leavingLabel({ kind, name }: BindingTarget): string {
  return `unbound ${kind} ${name}`;
}

/** What stands under a label of a keystore for a certificate that is shown. */
interface Shown {
  readonly chain: readonly Bytes[];
  readonly key: KeyObject;
}

/** Changes the keystore, then tells the server; when that fails the keystore is as it was. */
async function changeBinding(
  keystore: Keystore,
  target: BindingTarget,
  next: Shown,
  tell: () => Promise<void>,
): Promise<void> {
  const label = bindingLabel(target);
  const before = shownAt(keystore, label);
  await keystore.update((entries) => {
    put(entries, label, next);
    entries.remove(leavingLabel(target));
  });
  try {
    await tell();
  } catch (error) {
    await keystore.update((entries) => put(entries, label, before));
    throw error;
  }
}

/** As {@link changeBinding}. Cut off, it is known what the server is still to be told. */
async function removeBinding(
  keystore: Keystore,
  target: BindingTarget,
  tell: () => Promise<void>,
): Promise<void> {
  const [label, leaving] = [bindingLabel(target), leavingLabel(target)];
  const before = shownAt(keystore, label);
  if (before !== undefined) await move(keystore, before, { from: label, to: leaving });
  try {
    await tell();
  } catch (error) {
    if (before !== undefined) await move(keystore, before, { from: leaving, to: label });
    throw error;
  }
  await keystore.update((entries) => entries.remove(leaving));
}

async function move(
  keystore: Keystore,
  shown: Shown,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  await keystore.update((entries) => {
    entries.remove(from);
    put(entries, to, shown);
  });
}

function shownAt(keystore: Keystore, label: string): Shown | undefined {
  if (!keystore.has(label)) return undefined;
  return { chain: keystore.certificate(label), key: keystore.key(label) };
}

function put(entries: KeystoreEditor, label: string, shown: Shown | undefined): void {
  entries.remove(label);
  if (shown === undefined) return;
  entries.putKey(label, shown.key);
  entries.putCertificates(label, shown.chain);
}

/** The hosts under which clients come to see the certificate: each of them may be believed by its roots. */
function hostsOf({ kind, name }: BindingTarget, leaf: Certificate, { names }: Settings): string[] {
  if (kind === 'host' && !name.startsWith('*.')) return [name];
  const parent = name.slice(1);
  return names.filter((each) => covers(leaf, each) && (kind === 'listener' || each.endsWith(parent)));
}

function covers(leaf: Certificate, host: string): boolean {
  try {
    verifyServerName(leaf, host);
    return true;
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

function notBound({ kind, name }: BindingTarget): HoldfastError {
  return new HoldfastError('object_not_found', `nothing is bound to the ${kind} ${name}`, {
    hint: 'holdfast tls list shows what is',
  });
}

interface Bound {
  readonly target: BindingTarget;
  readonly leaf: Certificate;
  readonly settings: Settings;
  readonly roots: number;
}

function boundAnswer({ output, clock }: Context, { target, leaf, settings, roots }: Bound): Answer {
  const uncovered = target.kind === 'listener' ? settings.names.filter((name) => !covers(leaf, name)) : [];
  if (uncovered.length > 0)
    output.warn(`clients are configured with ${uncovered.join(', ')}, which the certificate is not for`);
  if (target.kind === 'host' && !settings.names.some((name) => name.toLowerCase() === target.name))
    output.warn(`no client is configured with ${target.name}: it is not among the names in holdfast.toml`);
  if (roots === 0)
    output.warn(
      'clients of this network refuse it unless they are told whom to believe for it: --roots FILE',
    );
  const notAfter = leaf.notAfter.toISOString();
  const left = formatRemaining(leaf.notAfter.getTime() - clock.now());
  const { serial, fingerprint } = leaf;
  const shown = row(
    'bound',
    `${target.kind} ${target.name}`,
    formatName(leaf.subject),
    `until ${notAfter}`,
    `${left} left`,
  );
  return { value: { ...target, serial, fingerprint, notAfter, uncovered }, rows: [shown] };
}
