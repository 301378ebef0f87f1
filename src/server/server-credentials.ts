import type { Authority } from '../authority/index.ts';
import { type Bytes, type Clock, equalBytes, hourMs, isHoldfastError, type Log } from '../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  formatGeneralName,
  generateKeyPair,
  parseCertificate,
} from '../pki/index.ts';
import { needsRenewal, parseRequestedNames } from '../policy/index.ts';
import { type Credentials, Hot } from '../transport/index.ts';
import { type Keystore, serverLabel } from '../trust/index.ts';

const lookEveryMs = hourMs;

/** Whose certificate it is, and where it is kept. */
export interface OwnCertificate {
  /** Of the server's machine. */
  readonly keystore: Keystore;
  readonly authority: Authority;
  /** Of the node. */
  readonly name: string;
  /** Host names and addresses. */
  readonly names: readonly string[];
  readonly clock: Clock;
}

/** The certificate of the server in this process, issued by the authority beside it. */
export class ServerCredentials {
  readonly #own: OwnCertificate;
  readonly current: Hot<Credentials>;

  private constructor(own: OwnCertificate, credentials: Credentials) {
    this.#own = own;
    this.current = new Hot(credentials);
  }

  /** The credentials that are kept, or new ones when there are none, they are due, or the names have changed. */
  static async open(own: OwnCertificate): Promise<ServerCredentials> {
    const kept = readKept(own.keystore);
    const good = kept !== undefined && (await isGood(kept, own));
    const credentials = good ? kept : await issueOrGoOn(own, kept);
    return new ServerCredentials(own, stapled(credentials, own.authority));
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
    if (await isGood(this.current.current, this.#own)) return;
    this.current.replace(stapled(await issue(this.#own), this.#own.authority));
  }
}

/** A server that cannot renew yet still has what it has: storing and revoking go on. */
async function issueOrGoOn(own: OwnCertificate, kept: Credentials | undefined): Promise<Credentials> {
  try {
    return await issue(own);
  } catch (error) {
    const goesOn = kept !== undefined && (await isUsable(kept, own));
    if (goesOn && isHoldfastError(error, 'clock_wrong', 'issuer_ending', 'root_revoked', 'root_unproven'))
      return kept;
    throw error;
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
  if (!keystore.has(serverLabel)) return undefined;
  return { chain: [...keystore.certificate(serverLabel)], privateKey: keystore.key(serverLabel) };
}

/** What stands above a certificate is that which others are shown now. */
function isSame(above: readonly Bytes[], chain: readonly Bytes[]): boolean {
  return above.length === chain.length && above.every((der, index) => equalBytes(der, chain[index] as Bytes));
}

async function isGood({ chain }: Credentials, { authority, names, clock }: OwnCertificate): Promise<boolean> {
  const [first, ...above] = chain;
  const leaf = first && parseCertificate(first);
  if (leaf === undefined || !isSame(above, authority.chain)) return false;
  if (needsRenewal(leaf, clock.now()) || !covers(leaf, names)) return false;
  return await authority.isGood(leaf.serial, leaf.der);
}

async function isUsable(
  { chain: [der] }: Credentials,
  { authority, clock }: OwnCertificate,
): Promise<boolean> {
  const leaf = der && parseCertificate(der);
  if (leaf === undefined || clock.now() >= leaf.notAfter.getTime()) return false;
  return await authority.isGood(leaf.serial);
}

function covers({ extensions }: Certificate, texts: readonly string[]): boolean {
  const certified = new Set(extensions.subjectAltNames.map(formatGeneralName));
  return parseRequestedNames(texts).names.every((name) => certified.has(formatGeneralName(name)));
}

async function issue({ keystore, authority, name, names }: OwnCertificate): Promise<Credentials> {
  const { privateKey } = await generateKeyPair('p256');
  const order = { role: 'server', name, names, spki: exportPublicKey(privateKey) } as const;
  const { chain } = await authority.issueLocal(order);
  await keystore.update((entries) => {
    entries.putKey(serverLabel, privateKey);
    entries.putCertificates(serverLabel, chain);
  });
  return { chain, privateKey };
}
