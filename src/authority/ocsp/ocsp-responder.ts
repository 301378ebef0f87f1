import { asBuffer, type Bytes, concatBytes, equalBytes, isHoldfastError } from '../../base/index.ts';
import {
  createOcspError,
  createOcspResponse,
  encodeOcspData,
  encodeOcspResponse,
  type OcspCertId,
  type OcspErrorStatus,
  type OcspRequest,
  type OcspResponseTemplate,
  type OcspSigner,
  type OcspStatus,
  ocspIssuerKey,
  parseOcspRequest,
} from '../../pki/index.ts';
import { backdateMs, revocationProfiles } from '../../policy/index.ts';
import type { IssuerRevocation } from '../issuers/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';
import { AnswerSigner } from './answer-signer.ts';
import { type Answering, answeredIssuers, readOcspSigner } from './ocsp-signers.ts';

/** An answer with the times that it counts from and to; an error counts for no time. */
export interface OcspAnswerBytes {
  readonly kind: 'response' | 'error';
  readonly der: Bytes;
  readonly producedAtMs: number;
  readonly nextUpdateMs: number;
}

/** What an answer is about, in the order of the request. */
interface Question {
  /** Of the issuer whose signer answers. */
  readonly label: string;
  readonly certIds: readonly Pick<OcspCertId, 'issuerKey' | 'serial'>[];
}

interface Kept extends Omit<OcspAnswerBytes, 'der'> {
  /**
   * Its DER without the certificates at its end, a byte to a character: thousands of small arrays are a burden to memory that
   * texts are not.
   */
  readonly text: string;
  /** With those of all others of this signer. */
  readonly certificates: Bytes;
  readonly question: Question;
  /** What was said of each certificate: when that changes the answer is made anew, whatever its age. */
  readonly said: string;
}

/** An answer that nobody has signed yet. */
interface Unsigned {
  readonly kind: 'unsigned';
  readonly template: OcspResponseTemplate;
  readonly signer: OcspSigner;
  readonly question: Question;
  readonly said: string;
  /** Whether it may be given again to who asks the same. */
  readonly isForAll: boolean;
}

interface KnownLabels {
  readonly of: unknown;
  readonly byIssuerKey: ReadonlyMap<string, string>;
  readonly revoked: ReadonlyMap<string, IssuerRevocation>;
}

/** At most twice as many are kept. */
const keptAnswers = 5_000;
const maxKeptRequestBytes = 512;
const signerLookMs = 60_000;

/**
 * Answers about certificates from the records: what is looked up is committed and looked up at once in this thread, what is
 * signed once is given again for some minutes, to whoever asks without a nonce.
 */
export class OcspResponder {
  readonly #context: Answering;
  readonly #kept = new Recent<Kept>(keptAnswers);
  readonly #thread = new AnswerSigner();
  readonly #signers = new Map<string, { readonly signer: OcspSigner | undefined; readonly atMs: number }>();
  #labels: KnownLabels | undefined;

  constructor(context: Answering) {
    this.#context = context;
  }

  /**
   * The answer to a request: signed, or one of the errors of RFC 6960 §2.3. `unauthorized` for issuers that are not
   * ours; `tryLater` while nothing may be signed.
   */
  async answer(der: Bytes): Promise<OcspAnswerBytes> {
    const found = await this.#find(der);
    if (found.kind !== 'unsigned') return found;
    return this.#finish(der, found, createOcspResponse(found.template, found.signer));
  }

  /** The same, signed in another thread when many ask at once. */
  async answerAside(der: Bytes): Promise<OcspAnswerBytes> {
    const found = await this.#find(der);
    if (found.kind !== 'unsigned') return found;
    const { template, signer } = found;
    const data = encodeOcspData(template, signer);
    const signature = await this.#thread.sign(data, signer);
    return this.#finish(der, found, encodeOcspResponse({ data, signature }, signer));
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #find(der: Bytes): Promise<OcspAnswerBytes | Unsigned> {
    const nowMs = this.#context.clock.now();
    try {
      const kept = this.#keptFor(der, nowMs);
      const isSaidStill =
        kept !== undefined && describe(await this.#statusesFor(kept.question)) === kept.said;
      return isSaidStill ? answerAgain(kept) : await this.#lookUp(der, nowMs);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return errorAnswer(error.code === 'ocsp_request_malformed' ? 'malformedRequest' : 'tryLater', nowMs);
    }
  }

  /** What was answered to the same request before, as long as it is fresh; what the records say is to be seen. */
  #keptFor(der: Bytes, nowMs: number): Kept | undefined {
    const kept = der.length > maxKeptRequestBytes ? undefined : this.#kept.get(textOf(der));
    if (kept === undefined || !isFresh(kept, nowMs)) return undefined;
    checkClock(this.#context);
    return kept;
  }

  async #lookUp(der: Bytes, nowMs: number): Promise<OcspAnswerBytes | Unsigned> {
    const request = parseOcspRequest(der);
    checkClock(this.#context);
    const label = this.#issuerOf(request);
    if (label === undefined) {
      checkStanding(this.#context);
      return errorAnswer('unauthorized', nowMs);
    }
    const statuses = await this.#statusesFor({ label, certIds: request.certIds });
    const signer = this.#knownSigner(label, nowMs) ?? (await this.#readSigner(label, nowMs));
    if (signer === undefined) return errorAnswer('tryLater', nowMs);
    // Nothing of the request itself, which is part of what came with it.
    const certIds = request.certIds.map(({ issuerKey = '', serial }) => ({ issuerKey, serial }));
    return {
      kind: 'unsigned',
      template: templateOf(request, statuses, nowMs),
      signer,
      question: { label, certIds },
      said: describe(statuses),
      isForAll: mayServeAll(der, request, statuses),
    };
  }

  #finish(
    der: Bytes,
    { template, signer, question, said, isForAll }: Unsigned,
    response: Bytes,
  ): OcspAnswerBytes {
    const [producedAtMs, nextUpdateMs] = [template.producedAt.getTime(), template.nextUpdate.getTime()];
    const times = { kind: 'response', producedAtMs, nextUpdateMs } as const;
    if (isForAll) {
      const { certificates } = signer;
      const text = textOf(response.subarray(0, -certificates.length));
      this.#kept.keep(textOf(der), { ...times, text, certificates, question, said });
    }
    return { ...times, der: response };
  }

  /** The label of the first issuer asked about that is ours: one signer answers for one issuer. */
  #issuerOf({ certIds }: OcspRequest): string | undefined {
    const { byIssuerKey } = this.#issuers();
    for (const { issuerKey = '' } of certIds) {
      const label = byIssuerKey.get(issuerKey);
      if (label !== undefined) return label;
    }
    return undefined;
  }

  /** Nearly all ask about one, for which no list of promises is worth its time. */
  async #statusesFor({ label, certIds }: Question): Promise<OcspStatus[]> {
    const [first] = certIds;
    if (first !== undefined && certIds.length === 1) return [await this.#statusOf(first, label)];
    return await Promise.all(certIds.map((certId) => this.#statusOf(certId, label)));
  }

  async #statusOf(
    { serial, issuerKey = '' }: Question['certIds'][number],
    label: string,
  ): Promise<OcspStatus> {
    if (this.#issuers().byIssuerKey.get(issuerKey) !== label) return unknown;
    if (label === this.#context.issuer.root.label) return await this.#statusBelowRoot(serial);
    const row = await this.#context.records.committed.certificates.standing(serial);
    checkStanding(this.#context);
    const ended = this.#issuers().revoked.get(label);
    if (row?.issuer === label && row.revoked_at !== null) {
      const reason = row.revocation_reason ?? 'unspecified';
      return { kind: 'revoked', revokedAt: new Date(row.revoked_at), reason };
    }
    // Whoever stole a key makes numbers that nobody here knows.
    if (ended !== undefined) return { kind: 'revoked', revokedAt: ended.at, reason: ended.reason };
    return row?.issuer === label ? { kind: 'good' } : unknown;
  }

  /** Of an issuing certificate, or of one that the root had issued before it was adopted. */
  async #statusBelowRoot(serial: OcspCertId['serial']): Promise<OcspStatus> {
    const row = await this.#context.records.committed.imported.find(serial);
    checkStanding(this.#context);
    const issuing = this.#context.issuer.issuings.find(({ certificate }) => certificate.serial === serial);
    if (row?.revoked_at != null) {
      const reason = row.revocation_reason ?? 'unspecified';
      return { kind: 'revoked', revokedAt: new Date(row.revoked_at), reason };
    }
    const ended = issuing?.revoked;
    if (ended !== undefined) return { kind: 'revoked', revokedAt: ended.at, reason: ended.reason };
    return row === undefined && issuing === undefined ? unknown : { kind: 'good' };
  }

  /** By what requests name an issuer, its label, and which are revoked; made anew when an issuing certificate is replaced. */
  #issuers() {
    const { issuings } = this.#context.issuer;
    if (this.#labels?.of === issuings) return this.#labels;
    const byIssuerKey = new Map(
      answeredIssuers(this.#context.issuer).flatMap(({ label, certificate }) =>
        (['sha1', 'sha256'] as const).map((name) => [ocspIssuerKey(certificate, name), label] as const),
      ),
    );
    const revoked = new Map(
      issuings.flatMap(({ label, revoked: end }) => (end ? [[label, end] as const] : [])),
    );
    this.#labels = { of: issuings, byIssuerKey, revoked };
    return this.#labels;
  }

  /** Signers are replaced a third of their life before their end, so that one from a minute ago will do. */
  #knownSigner(label: string, nowMs: number): OcspSigner | undefined {
    const known = this.#signers.get(label);
    return known !== undefined && Math.abs(nowMs - known.atMs) < signerLookMs ? known.signer : undefined;
  }

  async #readSigner(label: string, nowMs: number): Promise<OcspSigner | undefined> {
    const issuing = answeredIssuers(this.#context.issuer).find((each) => each.label === label);
    const found = issuing && (await readOcspSigner(this.#context, issuing));
    const isCurrent = found !== undefined && nowMs <= found.certificate.notAfter.getTime();
    // The same as before stays the same object, by which the thread knows its key.
    const signer = isCurrent ? sameSigner(this.#signers.get(label)?.signer, found) : undefined;
    this.#signers.set(label, { signer, atMs: nowMs });
    return signer;
  }
}

function sameSigner(known: OcspSigner | undefined, found: OcspSigner): OcspSigner {
  return known !== undefined && equalBytes(known.certificate.der, found.certificate.der) ? known : found;
}

function textOf(der: Bytes): string {
  return asBuffer(der).toString('latin1');
}

function templateOf(
  { certIds, nonce }: OcspRequest,
  statuses: readonly OcspStatus[],
  nowMs: number,
): OcspResponseTemplate {
  return {
    answers: certIds.map(({ der }, index) => ({ certId: der, status: statuses[index] ?? unknown })),
    producedAt: new Date(nowMs),
    thisUpdate: new Date(nowMs - backdateMs),
    nextUpdate: new Date(nowMs + revocationProfiles.ocsp.lifetimeMs),
    nonce,
  };
}

const unknown: OcspStatus = { kind: 'unknown' };

/** Nobody asks twice with the same nonce, and of what does not exist there is no end. */
function mayServeAll(der: Bytes, { nonce }: OcspRequest, statuses: readonly OcspStatus[]): boolean {
  if (nonce !== undefined || der.length > maxKeptRequestBytes) return false;
  return statuses.every(({ kind }) => kind !== 'unknown');
}

function answerAgain({ kind, text, certificates, producedAtMs, nextUpdateMs }: Kept): OcspAnswerBytes {
  return { kind, der: concatBytes(Buffer.from(text, 'latin1'), certificates), producedAtMs, nextUpdateMs };
}

function isFresh({ producedAtMs }: Kept, nowMs: number): boolean {
  return nowMs >= producedAtMs && nowMs - producedAtMs < revocationProfiles.ocsp.refreshMs;
}

function describe(statuses: readonly OcspStatus[]): string {
  return statuses
    .map((status) =>
      status.kind === 'revoked' ? `${status.revokedAt.getTime()} ${status.reason}` : status.kind,
    )
    .join();
}

function errorAnswer(status: OcspErrorStatus, nowMs: number): OcspAnswerBytes {
  return { kind: 'error', der: createOcspError(status), producedAtMs: nowMs, nextUpdateMs: nowMs };
}

/**
 * What was kept last under each key: at least the newest `atLeast`, at most twice as many. The older half goes at once,
 * because a `Map` from which the oldest is taken each time becomes slow.
 */
export class Recent<V> {
  readonly #atLeast: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  get(key: string): V | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  keep(key: string, value: V): void {
    this.#newer.set(key, value);
    if (this.#newer.size < this.#atLeast) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
