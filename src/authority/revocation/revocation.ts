import { type Bytes, HoldfastError } from '../../base/index.ts';
import { createOcspRequest, parseCertificate, type SerialNumber } from '../../pki/index.ts';
import { type OcspAnswerBytes, OcspResponder } from '../ocsp/index.ts';
import { checkStanding } from '../standing/index.ts';
import { findTarget, type RevocationTarget, type TargetWord } from './find-target.ts';
import {
  type RevocationOrder,
  type Revoked,
  revokeCertificate,
  revokeIdentity,
  revokeImported,
} from './revoke-certificates.ts';
import { countToRenew, type RevokedIssuer, revokeIssuer } from './revoke-issuer.ts';
import {
  type CrlSigning,
  type ListedCrl,
  listCrls,
  readCrlState,
  signCrl,
  signingIssuers,
} from './sign-crl.ts';

/** A revocation list as it was signed. */
export interface SignedCrl {
  /** Of its issuer. */
  readonly label: string;
  readonly der: Bytes;
  readonly number: number;
  readonly signedAt: Date;
  readonly nextUpdate: Date;
}

/** Revoking, and what is said of it to whoever asks: lists that are signed ahead, and OCSP answers. */
export class Revocation {
  readonly #context: CrlSigning;
  readonly #responder: OcspResponder;
  readonly #lists = new Map<string, SignedCrl>();
  readonly #requests = new Map<SerialNumber, Bytes>();
  #newestOcspMs = 0;

  constructor(context: CrlSigning) {
    this.#context = context;
    this.#responder = new OcspResponder(context);
  }

  /** What a text means that names what is to be revoked. Errors: see {@link findTarget}. */
  find(text: string, as?: TargetWord): Promise<RevocationTarget> {
    return findTarget(this.#context, text, as);
  }

  /**
   * Revokes for ever, on record when it resolves.
   * @throws HoldfastError `object_not_found`, `already_revoked`, `authority_restored`, `authority_superseded`,
   *   `authority_retired`
   */
  async revoke(
    target: Exclude<RevocationTarget, { kind: 'issuer' }>,
    order: RevocationOrder,
  ): Promise<Revoked> {
    checkStanding(this.#context);
    if (target.kind === 'imported') return await revokeImported(this.#context, target.serial, order);
    return target.kind === 'certificate'
      ? await revokeCertificate(this.#context, target.serial, order)
      : await revokeIdentity(this.#context, target.identity, order);
  }

  /** Revokes an issuing certificate, by its label, with all that it issued. See {@link revokeIssuer}. */
  async revokeIssuer(label: string, order: RevocationOrder): Promise<RevokedIssuer> {
    checkStanding(this.#context);
    return await revokeIssuer(this.#context, label, order);
  }

  /** How many nodes are still to renew since their issuer was revoked. See {@link countToRenew}. */
  countToRenew(): Promise<number> {
    return countToRenew(this.#context);
  }

  /**
   * The newest list of an issuer by its label, that of what issues now unless one is given; undefined when there is no such
   * issuer or nothing was signed yet.
   * @throws HoldfastError `authority_restored`, `authority_superseded`, `authority_retired`
   */
  async crl(label: string = this.#context.issuer.issuing.label): Promise<SignedCrl | undefined> {
    checkStanding(this.#context);
    const { records } = this.#context;
    const newest = await records.committed.crls.find(label);
    const known = this.#lists.get(label);
    if (newest === undefined || newest.number === known?.number) return newest && known;
    const row = await records.crls.read(label);
    if (row === undefined) return undefined;
    const list = {
      label,
      der: row.crl,
      number: row.number,
      signedAt: new Date(row.this_update),
      nextUpdate: new Date(row.next_update),
    };
    this.#lists.set(label, list);
    return list;
  }

  /** The newest list of the root. See {@link crl}. */
  rootCrl(): Promise<SignedCrl | undefined> {
    return this.crl(this.#context.issuer.root.label);
  }

  /**
   * A list that knows every revocation so far: the newest one, or one signed now when there were some since and the
   * issuer's key is here. Of what issues now unless a label is given.
   * @throws HoldfastError `object_not_found` for an issuer that does not exist or never signed one; as {@link crl} does
   */
  async currentCrl(label: string = this.#context.issuer.issuing.label): Promise<SignedCrl> {
    const { crl, revocations } = await readCrlState(this.#context.records.committed, label);
    const signing = signingIssuers(this.#context).find(({ issuer }) => issuer.label === label);
    if (signing !== undefined && crl?.revocations !== revocations)
      await signCrl(this.#context, signing.issuer, signing.profile);
    const list = await this.crl(label);
    if (list === undefined)
      throw new HoldfastError('object_not_found', `there is no revocation list of ${label}`, {
        hint: 'holdfast ca show names every certificate of the authority',
      });
    return list;
  }

  /** The newest list of every issuer that ever signed one, without its bytes. */
  lists(): Promise<ListedCrl[]> {
    return listCrls(this.#context.records);
  }

  /** Whose answers about revocation count, and until when. */
  async ocspSigners(): Promise<{ readonly label: string; readonly notAfter: Date }[]> {
    const rows = await this.#context.records.ocspSigners.list();
    return rows.map(({ label, not_after }) => ({ label, notAfter: new Date(not_after) }));
  }

  /** When the newest OCSP answer was signed that was given; undefined before the first. */
  get newestOcsp(): Date | undefined {
    return this.#newestOcspMs === 0 ? undefined : new Date(this.#newestOcspMs);
  }

  /** Answers an OCSP request, whatever it is; see {@link OcspResponder.answer}. */
  async answerOcsp(der: Bytes): Promise<OcspAnswerBytes> {
    return this.#noted(await this.#responder.answer(der));
  }

  /** The same, for those who ask by the thousand; see {@link OcspResponder.answerAside}. */
  async answerOcspAside(der: Bytes): Promise<OcspAnswerBytes> {
    return this.#noted(await this.#responder.answerAside(der));
  }

  #noted(answer: OcspAnswerBytes): OcspAnswerBytes {
    if (answer.kind === 'response') this.#newestOcspMs = Math.max(this.#newestOcspMs, answer.producedAtMs);
    return answer;
  }

  /** An OCSP answer for a certificate of ours to staple to a handshake, or undefined while there is none. */
  async staple(serial: SerialNumber): Promise<Bytes | undefined> {
    const request = await this.#requestAbout(serial);
    if (request === undefined) return undefined;
    const { kind, der } = await this.answerOcsp(request);
    return kind === 'response' ? der : undefined;
  }

  /** Ends the thread that signs answers. */
  close(): Promise<void> {
    return this.#responder.close();
  }

  /** Made once for each of the few certificates that a server has had: handshakes do not wait. */
  async #requestAbout(serial: SerialNumber): Promise<Bytes | undefined> {
    const known = this.#requests.get(serial);
    if (known !== undefined) return known;
    const label = (await this.#context.records.committed.certificates.find(serial))?.issuer;
    const row = label === undefined ? undefined : await this.#context.records.committed.issuers.find(label);
    if (row === undefined) return undefined;
    const issuer = parseCertificate(row.certificate);
    const request = createOcspRequest({ issuer, serials: [serial] });
    this.#requests.set(serial, request);
    return request;
  }
}
