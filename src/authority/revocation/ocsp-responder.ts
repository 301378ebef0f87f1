import { asBuffer, type Bytes, isHoldfastError } from '../../base/index.ts';
import {
  createOcspError,
  createOcspResponse,
  createOcspResponseAside,
  type OcspCertId,
  type OcspErrorStatus,
  type OcspRequest,
  type OcspResponseTemplate,
  type OcspSigner,
  type OcspStatus,
  ocspIssuerKey,
  parseOcspRequest,
  type RevocationReason,
} from '../../pki/index.ts';
import { backdateMs, revocationProfiles } from '../../policy/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { IssuerRevocation } from '../issuer.ts';
import { checkClock } from '../log/check-clock.ts';
import { checkStanding, refusalOfStanding, type Standing } from '../standing.ts';
import { readOcspSigner } from './ocsp-signer-records.ts';

/** An answer with the times that it counts from and to; an error counts for no time. */
export interface OcspAnswerBytes {
  readonly kind: 'response' | 'error';
  readonly der: Bytes;
  readonly producedAtMs: number;
  readonly nextUpdateMs: number;
}

interface Cached extends OcspAnswerBytes {
  /** What was said of each certificate: when that changes the answer is made anew, whatever its age. */
  readonly said: string;
}

/** An answer that nobody has signed yet. */
interface Unsigned {
  readonly kind: 'unsigned';
  readonly template: OcspResponseTemplate;
  readonly signer: OcspSigner;
  readonly said: string;
  /** Under which it is kept, when it is. */
  readonly key: string | undefined;
}

interface KnownLabels {
  readonly of: unknown;
  readonly byIssuerKey: ReadonlyMap<string, string>;
  readonly revoked: ReadonlyMap<string, IssuerRevocation>;
}

const maxCached = 10_000;
const maxCachedRequestBytes = 512;
const signerLookMs = 60_000;
const statusSql = `SELECT a.standing, c.issuer, c.revoked_at, c.revocation_reason
  FROM authority a LEFT JOIN certificates c ON c.serial = ?`;

/**
 * Answers about certificates from the records: what is looked up is committed and looked up at once in this thread, what is
 * signed once is given again for some minutes, to whoever asks without a nonce.
 */
export class OcspResponder {
  readonly #context: AuthorityContext;
  readonly #cached = new Map<string, Cached>();
  readonly #signers = new Map<string, { readonly signer: OcspSigner | undefined; readonly atMs: number }>();
  #labels: KnownLabels | undefined;

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /**
   * The answer to a request: signed, or one of the errors of RFC 6960 §2.3. `unauthorized` for issuers that are not
   * ours; `tryLater` while nothing may be signed.
   */
  answer(der: Bytes): OcspAnswerBytes {
    const found = this.#find(der);
    if (found.kind !== 'unsigned') return found;
    return this.#signed(found, createOcspResponse(found.template, found.signer));
  }

  /** The same, signed in another thread: for those who ask by the thousand. */
  async answerAside(der: Bytes): Promise<OcspAnswerBytes> {
    const found = this.#find(der);
    if (found.kind !== 'unsigned') return found;
    return this.#signed(found, await createOcspResponseAside(found.template, found.signer));
  }

  #find(der: Bytes): OcspAnswerBytes | Unsigned {
    const nowMs = this.#context.clock.now();
    try {
      const request = parseOcspRequest(der);
      checkClock(this.#context);
      return this.#lookUp(der, request, nowMs);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return errorAnswer(error.code === 'ocsp_request_malformed' ? 'malformedRequest' : 'tryLater', nowMs);
    }
  }

  #lookUp(der: Bytes, request: OcspRequest, nowMs: number): OcspAnswerBytes | Unsigned {
    const label = this.#issuerOf(request);
    if (label === undefined) {
      checkStanding(this.#context);
      return errorAnswer('unauthorized', nowMs);
    }
    const statuses = request.certIds.map((certId) => this.#statusOf(certId, label));
    const key = isCacheable(der, request, statuses) ? asBuffer(der).toString('latin1') : undefined;
    const said = statuses.map(describeStatus).join();
    const kept = key === undefined ? undefined : this.#cached.get(key);
    if (kept !== undefined && kept.said === said && isFresh(kept, nowMs)) return kept;
    const signer = this.#signerFor(label, nowMs);
    if (signer === undefined) return errorAnswer('tryLater', nowMs);
    return { kind: 'unsigned', template: templateOf(request, statuses, nowMs), signer, said, key };
  }

  #signed({ template, said, key }: Unsigned, der: Bytes): OcspAnswerBytes {
    const [producedAtMs, nextUpdateMs] = [template.producedAt.getTime(), template.nextUpdate.getTime()];
    const answer = { kind: 'response', der, producedAtMs, nextUpdateMs, said } as const;
    if (key !== undefined) this.#keep(key, answer);
    return answer;
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

  /** Looks whether the authority may work at the same time: another statement would take as long as this one. */
  #statusOf({ serial, issuerKey = '' }: OcspCertId, label: string): OcspStatus {
    if (this.#issuers().byIssuerKey.get(issuerKey) !== label) return unknown;
    const row = this.#context.reader.get(statusSql, serial);
    const standing = row?.standing as Standing;
    if (standing !== 'ready') throw refusalOfStanding(standing);
    const ended = this.#issuers().revoked.get(label);
    if (row?.issuer === label && typeof row.revoked_at === 'number') {
      const reason = (row.revocation_reason ?? 'unspecified') as RevocationReason;
      return { kind: 'revoked', revokedAt: new Date(row.revoked_at), reason };
    }
    // Whoever stole a key makes numbers that nobody here knows.
    if (ended !== undefined) return { kind: 'revoked', revokedAt: ended.at, reason: ended.reason };
    return row?.issuer === label ? { kind: 'good' } : unknown;
  }

  /** By what requests name an issuer, its label, and which are revoked; made anew when an issuing certificate is replaced. */
  #issuers() {
    const { issuings } = this.#context.issuer;
    if (this.#labels?.of === issuings) return this.#labels;
    const byIssuerKey = new Map(
      issuings.flatMap(({ label, certificate }) =>
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
  #signerFor(label: string, nowMs: number): OcspSigner | undefined {
    const known = this.#signers.get(label);
    if (known?.signer !== undefined && Math.abs(nowMs - known.atMs) < signerLookMs) return known.signer;
    const found = readOcspSigner(this.#context, label);
    const isCurrent = found !== undefined && nowMs <= found.certificate.notAfter.getTime();
    const signer = isCurrent ? found : undefined;
    this.#signers.set(label, { signer, atMs: nowMs });
    return signer;
  }

  /** The oldest give way; there are so many that they are out of date by then. */
  #keep(key: string, answer: Cached): void {
    this.#cached.delete(key);
    this.#cached.set(key, answer);
    if (this.#cached.size <= maxCached) return;
    const [oldest] = this.#cached.keys();
    if (oldest !== undefined) this.#cached.delete(oldest);
  }
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
    ...(nonce !== undefined && { nonce }),
  };
}

const unknown: OcspStatus = { kind: 'unknown' };

/** Nobody asks twice with the same nonce, and of what does not exist there is no end. */
function isCacheable(der: Bytes, { nonce }: OcspRequest, statuses: readonly OcspStatus[]): boolean {
  if (nonce !== undefined || der.length > maxCachedRequestBytes) return false;
  return statuses.every(({ kind }) => kind !== 'unknown');
}

function isFresh({ producedAtMs }: OcspAnswerBytes, nowMs: number): boolean {
  return nowMs >= producedAtMs && nowMs - producedAtMs < revocationProfiles.ocsp.refreshMs;
}

function describeStatus(status: OcspStatus): string {
  return status.kind === 'revoked' ? `${status.revokedAt.getTime()} ${status.reason}` : status.kind;
}

function errorAnswer(status: OcspErrorStatus, nowMs: number): OcspAnswerBytes {
  return { kind: 'error', der: createOcspError(status), producedAtMs: nowMs, nextUpdateMs: nowMs };
}
