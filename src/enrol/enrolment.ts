import type { KeyObject } from 'node:crypto';
import {
  asBuffer,
  type Bytes,
  type Clock,
  equalBytes,
  HoldfastError,
  isHoldfastError,
} from '../base/index.ts';
import {
  type Certificate,
  createCertificateRequest,
  createName,
  exportPublicKey,
  generateKeyPair,
  type Identity,
  identityUri,
  parseCertificate,
} from '../pki/index.ts';
import type { Line, Ticket, TicketOrder, TlsDialer } from '../transport/index.ts';
import {
  type Keystore,
  type KeystoreEditor,
  parseTrustBundle,
  type TrustBundle,
  verifyIdentity,
} from '../trust/index.ts';
import { type SignedCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { acceptedJson, exchange } from './exchange.ts';
import {
  EnrolmentAnswer,
  enrolPaths,
  parseAnswer,
  type RenewRequest,
  TicketAnswer,
  type TicketRequest,
} from './message.ts';

/** What an enrolment or a renewal brought, checked. */
export interface Enrolment {
  readonly identity: Identity;
  readonly certificate: Certificate;
  /** DER, the leaf first, the root not among them. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  readonly recoveryRecipient: string;
  /** `https://host:port`, tried in this order. */
  readonly servers: readonly string[];
  readonly statusAddress: string;
  /** To be kept until a newer one comes. */
  readonly checkpoint: SignedCheckpoint;
}

/** What an answer has to agree with. */
interface EnrolmentExpectation {
  readonly identity: Identity;
  /** The public key that was asked for. */
  readonly spki: Bytes;
  /** What was trusted before the answer came; the answer cannot widen what it is judged by. */
  readonly bundle: TrustBundle;
  readonly at: Date;
}

/**
 * Checks an answer before anything of it is kept: the certificate is for our key and identity and leads to a root that
 * was trusted before, the new bundle is of the same network, the checkpoint is signed by the issuing certificate.
 * @throws HoldfastError `answer_malformed`, `certificate_*`, `trust_bundle_damaged`, `checkpoint_invalid`, `refused_by_peer`
 */
export function readEnrolment(input: unknown, expected: EnrolmentExpectation): Enrolment {
  const answer = parseAnswer(EnrolmentAnswer, input);
  const { recoveryRecipient, servers, statusAddress, checkpoint } = answer;
  const chain = answer.chain.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  const { identity, path } = verifyIdentity({
    chain,
    bundle: expected.bundle,
    roles: [expected.identity.role],
    purpose: 'clientAuth',
    at: expected.at,
  });
  const [certificate] = path;
  if (certificate === undefined || !equalBytes(certificate.spki, expected.spki)) {
    throw wrongAnswer('a certificate for another key');
  }
  if (identity.name !== expected.identity.name)
    throw wrongAnswer(`a certificate for ${identity.role} ${identity.name}`);
  const bundle = parseTrustBundle(answer.trustBundle);
  if (bundle.network !== identity.network) throw wrongAnswer(`the trust bundle of ${bundle.network}`);
  verifyCheckpoint(checkpoint, parseCertificate(chain[1] as Bytes));
  return { identity, certificate, chain, bundle, recoveryRecipient, servers, statusAddress, checkpoint };
}

function wrongAnswer(what: string): HoldfastError {
  return new HoldfastError('refused_by_peer', `the server answered with ${what}, which was not asked for`);
}

/** What a renewal needs. */
interface RenewOptions {
  readonly identity: Identity;
  readonly keystore: Keystore;
  /** Under which label key and chain are. */
  readonly label: string;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** Dials with the present certificate. */
  readonly dialer: TlsDialer;
  /** The roots trusted now. */
  readonly bundle: TrustBundle;
  /** The newest checkpoint this node was shown. */
  readonly checkpoint?: SignedCheckpoint;
  /** Keeps what else came, durably; called before the keystore changes. */
  readonly keep: (enrolment: Enrolment) => Promise<void>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Gets the next certificate for a new key, over mutual TLS with the present one, and puts both in its place in the
 * keystore. Can be called again after any failure, a crash included; until it succeeds the old certificate stays.
 *
 * @throws HoldfastError `request_not_allowed`, `authority_superseded`, `certificate_*`, `host_*`, `connection_*`, `tls_*`,
 *   `refused_by_peer`
 */
export async function renew(options: RenewOptions): Promise<Enrolment> {
  const { identity, keystore, label, server, dialer, bundle, checkpoint, clock, signal, line } = options;
  const pending = await PendingKey.take(keystore, `${label} renewal`);
  const { spki, request } = createNodeRequest(identity, pending.key);
  const message: RenewRequest = { version: 1, request, checkpoint };
  const answer = await exchange({
    url: `${server}${enrolPaths.renew}`,
    message,
    connection: { agent: dialer.agent() },
    signal,
    line,
  });
  try {
    const at = new Date(clock.now());
    const enrolment = readEnrolment(acceptedJson(answer, server), { identity, spki, bundle, at });
    await options.keep(enrolment);
    await pending.settle(label, enrolment.chain);
    return enrolment;
  } catch (error) {
    // The key itself is refused, so that the next attempt has to come with another one, or nothing is ever renewed.
    if (isHoldfastError(error, 'request_not_allowed', 'certificate_expired', 'certificate_revoked'))
      await pending.discard();
    throw error;
  }
}

/** Whom to ask. */
interface AskTicketsOptions {
  /** Dials as the client whose objects they are. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly orders: readonly TicketOrder[];
  readonly signal?: AbortSignal | undefined;
  readonly line?: Line;
}

/**
 * Asks a server for tickets of its plain data channel; undefined where objects go over TLS there.
 *
 * @throws HoldfastError as `exchange`, and what the server refuses by: an older one knows no such address
 */
export async function askTickets({
  dialer,
  server,
  orders,
  signal,
  line,
}: AskTicketsOptions): Promise<{ readonly plain: URL; readonly tickets: readonly Ticket[] } | undefined> {
  const message: TicketRequest = { version: 1, orders: [...orders] };
  const connection = { agent: dialer.agent() };
  const answer = await exchange({ url: `${server}${enrolPaths.tickets}`, message, connection, signal, line });
  const { channel } = parseAnswer(TicketAnswer, acceptedJson(answer, server), server);
  if (channel === undefined) return undefined;
  const plain = new URL(server);
  return { plain: new URL(`http://${plain.hostname}:${channel.port}`), tickets: channel.tickets };
}

/** A request for a certificate of `identity`, and the public key it is for. */
interface NodeRequest {
  readonly spki: Bytes;
  /** PKCS#10, DER in base64. */
  readonly request: string;
}

/** Asks for nothing but the identity; what else the certificate says is the authority's to decide. */
export function createNodeRequest(identity: Identity, key: KeyObject): NodeRequest {
  const der = createCertificateRequest(
    {
      subject: createName({ CN: identity.name }),
      subjectAltNames: [{ kind: 'uri', value: identityUri(identity) }],
    },
    key,
  );
  return { spki: exportPublicKey(key), request: asBuffer(der).toString('base64') };
}

/**
 * A key that goes out in a request and whose certificate has not come back yet. It is in the keystore before the
 * request leaves, so that after a crash in between the same request can be made again and gets the same answer.
 */
export class PendingKey {
  readonly key: KeyObject;
  readonly #keystore: Keystore;
  readonly #label: string;

  private constructor(keystore: Keystore, label: string, key: KeyObject) {
    this.key = key;
    this.#keystore = keystore;
    this.#label = label;
  }

  /** The key that an attempt before left under `label`, else a new one (P-256). */
  static async take(keystore: Keystore, label: string): Promise<PendingKey> {
    if (!keystore.has(label)) {
      const { privateKey } = await generateKeyPair('p256');
      await keystore.update((entries) => entries.putKey(label, privateKey));
    }
    return new PendingKey(keystore, label, keystore.key(label));
  }

  /** The certificate has come: key and chain get their own label, in one write with what `also` writes. */
  async settle(
    label: string,
    chain: readonly Uint8Array[],
    also: (entries: KeystoreEditor) => void = () => {},
  ): Promise<void> {
    await this.#keystore.update((entries) => {
      entries.putKey(label, this.key);
      entries.putCertificates(label, chain);
      entries.remove(this.#label);
      also(entries);
    });
  }

  /** Forgets the key: the authority will never issue for it. */
  async discard(): Promise<void> {
    await this.#keystore.update((entries) => entries.remove(this.#label));
  }
}
