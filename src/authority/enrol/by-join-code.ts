import { type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import {
  type CertificateRequest,
  isNamePattern,
  matchesNamePattern,
  parseIdentityUri,
  type Role,
} from '../../pki/index.ts';
import { checkNodeName } from '../../policy/index.ts';
import { type Issued, isLive, newKey, parseAuthorisedNames, requestNotAllowed } from '../issue/index.ts';
import { type CertificateRow, publicKeyHash, type Records } from '../records/index.ts';
import { revokeCertificates } from '../revocation/index.ts';
import { type Authoriser, certify, type Enrolling, type Judged, rulesOf, type Use } from './authoriser.ts';
import { checkApproval, checkName } from './create-join-code.ts';
import { findJoinCode, findUse, type RecordedJoinCode, refreshJoinCode } from './join-codes.ts';
import { type Judgement, judgeAsAuthorised } from './judge-request.ts';
import { commonNames } from './requested-hosts.ts';

/** A machine with a join code asks for its first certificate. */
export interface EnrolOrder {
  readonly secret: Secret<Bytes>;
  /** PKCS#10, DER. */
  readonly request: Bytes;
  /** Where it came from, for the log. */
  readonly from: string;
  /** What is said beside the request, by a person who hands it in: it has to be what the code stands for. */
  readonly said?: { readonly role?: Role | undefined; readonly name?: string | undefined };
}

/**
 * Issues what a join code stands for. The use is counted in the transaction that issues; whoever comes again with the
 * same code and the same key gets the same certificate, while it can be used: whatever else a request says that is taken, a
 * code gives one and the same.
 *
 * @throws HoldfastError `join_code_unknown`, `join_code_used`, `join_code_expired`, `join_code_revoked`, `name_taken`, `request_malformed`,
 *   `request_signature_invalid`, `request_not_allowed`, `key_unsupported`
 */
export async function enrolNode(
  context: Enrolling,
  { secret, request, from, said = {} }: EnrolOrder,
): Promise<Issued> {
  // Looked up before anything else is done, so that guessing codes costs us no signature check and no transaction.
  const code = await findJoinCode(context.records.committed, secret);
  if (code === undefined) throw unknownCode();
  return await certify(context, new JoinCodeAuthoriser(context, code, { from, said }), request);
}

/** Where a code is used from, and what is said with it. */
type UseOfCode = Pick<EnrolOrder, 'from'> & { readonly said: NonNullable<EnrolOrder['said']> };

/** Whoever has the secret of a join code. */
class JoinCodeAuthoriser implements Authoriser {
  readonly isPerson = false;
  readonly #context: Enrolling;
  #code: RecordedJoinCode;
  readonly #order: UseOfCode;

  constructor(context: Enrolling, code: RecordedJoinCode, order: UseOfCode) {
    this.#context = context;
    this.#code = code;
    this.#order = order;
  }

  judge(request: CertificateRequest): Judgement {
    const { issuer, present } = this.#context;
    const { role, names } = this.#code;
    const { said } = this.#order;
    if (said.role !== undefined && said.role !== role)
      throw requestNotAllowed(
        `it is said to be for a ${said.role}, the join code is for a ${role}`,
        `hand it in as ${role}, or ask for a code for a ${said.role}`,
      );
    checkApproval(present.policy, role);
    const name = nameFor(this.#code, request, said.name);
    return judgeAsAuthorised(rulesOf(this.#context), request, {
      identity: { network: issuer.network, role, name },
      names: parseAuthorisedNames(present.policy, role, names),
    });
  }

  async gave(tx: Records, { request, judgement: { identity } }: Judged): Promise<CertificateRow | undefined> {
    this.#code = await refreshJoinCode(tx, this.#code);
    const { revokedAt } = this.#code;
    if (revokedAt !== undefined) throw revokedCode(revokedAt);
    const before = await findUse(tx, this.#code, publicKeyHash(request.spki));
    // A key that came for one name of a pattern cannot come for another.
    if (before !== undefined && (await tx.identities.find(identity))?.id !== before.identity)
      throw requestNotAllowed('the public key belongs to another identity', newKey);
    return before;
  }

  async use(tx: Records, judged: Judged, before: CertificateRow | undefined): Promise<Use> {
    const isUsed = before !== undefined && isLive(before, this.#context.clock.now());
    if (!isUsed) await this.#useOnceMore(tx, judged);
    const { from } = this.#order;
    return { kind: 'issued', by: from, details: { token: this.#code.id }, before: before?.id };
  }

  /** Whether the code may be used once more; one for a reissue revokes what the identity had. */
  async #useOnceMore(tx: Records, { judgement: { identity } }: Judged): Promise<void> {
    const code = this.#code;
    if (code.uses >= code.maxUses) throw usedCode();
    if (this.#context.clock.now() > code.expiresAt) throw expiredCode(code);
    await checkName(tx, identity, code.reissue);
    if (!code.reissue) return;
    await revokeCertificates(tx, this.#context, identity, { reason: 'superseded', by: this.#order.from });
    await tx.identities.revive(identity);
  }
}

/** Where a code stands for a pattern of names, the request, by its identity or its common name, or who hands it in says which of them it is for. */
function nameFor(
  { name: pattern, role }: RecordedJoinCode,
  { subject, extensions }: CertificateRequest,
  said: string | undefined,
): string {
  const uri = extensions.subjectAltNames.find(({ kind }) => kind === 'uri');
  const own = uri?.kind === 'uri' ? parseIdentityUri(uri.value)?.name : undefined;
  if (own !== undefined && said !== undefined && own !== said)
    throw requestNotAllowed(
      `the request is for ${own}, and said to be for ${said}`,
      `hand it in as ${own}, or without a name`,
    );
  const asked = said ?? (isNamePattern(pattern) ? (own ?? commonNames(subject).at(-1)) : pattern);
  if (asked === undefined || !matchesNamePattern(pattern, asked))
    throw requestNotAllowed(
      `the request is for ${asked ?? 'no name'}, the join code for ${isNamePattern(pattern) ? 'names like ' : ''}${pattern}`,
      'say a name that the code is for with --name, or ask for a code for this one',
    );
  checkNodeName(asked, role);
  return asked;
}

const newCodeHint = { hint: 'ask for a new one: holdfast token create NAME at the server' };

function unknownCode(): HoldfastError {
  return new HoldfastError('join_code_unknown', 'this join code is not known here', newCodeHint);
}

function revokedCode(revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('join_code_revoked', `this join code was revoked ${when}`, newCodeHint);
}

function usedCode(): HoldfastError {
  return new HoldfastError('join_code_used', 'this join code has been used', newCodeHint);
}

function expiredCode({ expiresAt }: RecordedJoinCode): HoldfastError {
  return new HoldfastError(
    'join_code_expired',
    `this join code expired ${new Date(expiresAt).toISOString()}`,
    newCodeHint,
  );
}
