import { openOrCreateKeystore } from '../../agent/index.ts';
import type { Authority } from '../../authority/index.ts';
import { type Clock, hourMs, isHoldfastError, type Log } from '../../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  formatGeneralName,
  generateKeyPair,
  parseCertificate,
} from '../../pki/index.ts';
import { needsRenewal, parseRequestedNames } from '../../policy/index.ts';
import { type Credentials, Hot } from '../../transport/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { machineName } from '../home/machine.ts';

/** Label of the server's own key and chain in the keystore of its machine. */
export const serverLabel = 'server';
const label = serverLabel;
const lookEveryMs = hourMs;

/** The certificate of the server in this process, issued by the authority beside it. */
export class ServerCredentials {
  readonly #keystore: Keystore;
  readonly #authority: Authority;
  readonly #names: readonly string[];
  readonly #clock: Clock;
  readonly current: Hot<Credentials>;

  private constructor(
    keystore: Keystore,
    authority: Authority,
    names: readonly string[],
    clock: Clock,
    credentials: Credentials,
  ) {
    this.#keystore = keystore;
    this.#authority = authority;
    this.#names = names;
    this.#clock = clock;
    this.current = new Hot(credentials);
  }

  /** The credentials kept in `directory`, or new ones when there are none, they are due, or the names have changed. */
  static async open(
    directory: string,
    authority: Authority,
    names: readonly string[],
    clock: Clock,
  ): Promise<ServerCredentials> {
    const keystore = await openOrCreateKeystore(directory);
    const kept = readKept(keystore);
    const good = kept !== undefined && (await isGood(kept, authority, names, clock));
    const credentials = good
      ? kept
      : await issue(keystore, authority, names).catch(async (error: unknown) => {
          // A server that cannot renew yet still has what it has: storing and revoking go on.
          const goesOn = kept !== undefined && (await isUsable(kept, authority, clock));
          if (goesOn && isHoldfastError(error, 'clock_wrong', 'issuer_ending')) return kept;
          throw error;
        });
    return new ServerCredentials(keystore, authority, names, clock, stapled(credentials, authority));
  }

  /** Looks every hour whether renewal is due; new connections get the new certificate. Returns how to stop. */
  renewWhenDue(log: Log): () => void {
    const timer = setInterval(() => {
      this.renewIfDue().catch((error: unknown) => log.error('own certificate not renewed', { error }));
    }, lookEveryMs).unref();
    return () => clearInterval(timer);
  }

  /** Gets another certificate now when it is due, or the one in use is not good any more. Errors: see `Authority.issueLocal`. */
  async renewIfDue(): Promise<void> {
    if (await isGood(this.current.current, this.#authority, this.#names, this.#clock)) return;
    const issued = await issue(this.#keystore, this.#authority, this.#names);
    this.current.replace(stapled(issued, this.#authority));
  }
}

/** The credentials with an OCSP answer of the authority beside them to staple, when it has one. */
function stapled(credentials: Credentials, authority: Authority): Credentials {
  const [leaf] = credentials.chain;
  if (leaf === undefined) return credentials;
  const { serial } = parseCertificate(leaf);
  return { ...credentials, staple: () => authority.revocation.staple(serial) };
}

function readKept(keystore: Keystore): Credentials | undefined {
  if (!keystore.has(label)) return undefined;
  return { chain: [...keystore.certificate(label)], privateKey: keystore.key(label) };
}

async function isGood(
  { chain }: Credentials,
  authority: Authority,
  names: readonly string[],
  clock: Clock,
): Promise<boolean> {
  const [leaf, issuing] = chain.map((der) => parseCertificate(der));
  if (leaf === undefined || issuing?.fingerprint !== authority.issuing.fingerprint) return false;
  if (needsRenewal(leaf, clock.now()) || !covers(leaf, names)) return false;
  return await authority.isGood(leaf.serial, leaf);
}

async function isUsable({ chain: [der] }: Credentials, authority: Authority, clock: Clock): Promise<boolean> {
  const leaf = der && parseCertificate(der);
  if (leaf === undefined || clock.now() >= leaf.notAfter.getTime()) return false;
  return await authority.isGood(leaf.serial);
}

function covers({ extensions }: Certificate, texts: readonly string[]): boolean {
  const certified = new Set(extensions.subjectAltNames.map(formatGeneralName));
  return parseRequestedNames(texts).names.every((name) => certified.has(formatGeneralName(name)));
}

async function issue(
  keystore: Keystore,
  authority: Authority,
  names: readonly string[],
): Promise<Credentials> {
  const { privateKey } = await generateKeyPair('p256');
  const order = { role: 'server', name: machineName(), names, spki: exportPublicKey(privateKey) } as const;
  const { chain } = await authority.issueLocal(order);
  await keystore.update((entries) => {
    entries.putKey(label, privateKey);
    entries.putCertificates(label, chain);
  });
  return { chain, privateKey };
}
