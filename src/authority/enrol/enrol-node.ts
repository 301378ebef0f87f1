import { type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import {
  type CertificateRequest,
  commonName,
  isNamePattern,
  matchesNamePattern,
  parseIdentityUri,
  type Role,
} from '../../pki/index.ts';
import { checkNodeName } from '../../policy/index.ts';
import {
  type Authorisation,
  checkContents,
  draftLeaf,
  type Issued,
  type IssueOrder,
  type Issuing,
  isLive,
  issue,
  issuedBefore,
  parseAuthorisedNames,
  requestNotAllowed,
  stands,
} from '../issue/index.ts';
import { type CertificateRow, publicKeyHash, type Records } from '../records/index.ts';
import { revokeCertificates } from '../revocation/index.ts';
import { type CertificateSigner, readRequest } from '../signing/index.ts';
import { checkApproval, checkName } from './create-join-code.ts';
import { findJoinCode, findUse, type RecordedJoinCode, refreshJoinCode } from './recorded-join-codes.ts';

/** What a certificate is issued with to somebody who asks from elsewhere. */
export interface Enrolling extends Issuing {
  /** Checks the signatures of requests, and makes those of certificates. */
  readonly certificateSigner: CertificateSigner;
}

/** A machine with a join code asks for its first certificate. */
export interface EnrolOrder {
  readonly secret: Secret<Bytes>;
  /** PKCS#10, DER. */
  readonly request: Bytes;
  /** Where it came from, for the log. */
  readonly from: string;
  /** What is said beside the request, by a person who hands it in: it has to be what the code stands for. */
  readonly said?: { readonly role?: Role; readonly name?: string | undefined };
}

/**
 * Issues what a join code stands for. The use is counted in the transaction that issues; whoever comes again with the
 * same code and the same key gets the same certificate, while it can be used.
 *
 * @throws HoldfastError `join_code_unknown`, `join_code_used`, `join_code_expired`, `join_code_revoked`, `name_taken`, `request_malformed`,
 *   `request_signature_invalid`, `request_not_allowed`, `key_unsupported`
 */
export async function enrolNode(
  context: Enrolling,
  { secret, request: der, from, said = {} }: EnrolOrder,
): Promise<Issued> {
  // Looked up before anything else is done, so that guessing codes costs us no signature check and no transaction.
  const found = await findJoinCode(context.records.committed, secret);
  if (found === undefined) throw unknownCode();
  const request = readRequest(der);
  const draft = draftLeaf(context, authorisationOf(context, found, { request, said }), request.spki);
  const signature = await context.certificateSigner.check(request, draft);
  return await context.records.transaction(async (tx) => {
    const code = await refreshJoinCode(tx, found);
    if (code.revokedAt !== undefined) throw revokedCode(code.revokedAt);
    const authorisation = stands(draft, context)
      ? draft.authorisation
      : authorisationOf(context, code, { request, said });
    const before = await findUse(tx, code, publicKeyHash(request.spki));
    if (before !== undefined) await checkSameName(tx, before, authorisation);
    // The answer that was given before, and perhaps was lost on its way.
    const again = issuedBefore(context, before);
    if (again !== undefined) return again;
    const isUsed = before !== undefined && isLive(before, context.clock.now());
    if (!isUsed) await checkUse(tx, context, { code, authorisation, from });
    const prepared = { draft, signature };
    return await use(tx, context, { code, authorisation, request, from, before, prepared });
  });
}

/** What a join code authorises, which has to be all that the request asks for. */
function authorisationOf(
  { issuer, present }: Enrolling,
  code: RecordedJoinCode,
  { request, said }: Wanted,
): Authorisation {
  const { role, names } = code;
  if (said.role !== undefined && said.role !== role)
    throw requestNotAllowed(`it is said to be for a ${said.role}, the join code is for a ${role}`);
  checkApproval(present.policy, role);
  const identity = { network: issuer.network, role, name: nameFor(code, { request, said }) };
  const authorisation = { identity, names: parseAuthorisedNames(present.policy, role, names) };
  checkContents(request, authorisation);
  return authorisation;
}

/** A request, and what is said beside it. */
interface Wanted {
  readonly request: CertificateRequest;
  readonly said: NonNullable<EnrolOrder['said']>;
}

/** Where a code stands for a pattern of names, the request, by its identity or its common name, or who hands it in says which of them it is for. */
function nameFor({ name: pattern }: RecordedJoinCode, { request, said }: Wanted): string {
  const { subject, extensions } = request;
  const uri = extensions.subjectAltNames.find(({ kind }) => kind === 'uri');
  const own = uri?.kind === 'uri' ? parseIdentityUri(uri.value)?.name : undefined;
  if (own !== undefined && said.name !== undefined && own !== said.name)
    throw requestNotAllowed(`the request is for ${own}, and said to be for ${said.name}`);
  const asked = said.name ?? (isNamePattern(pattern) ? (own ?? commonName(subject)) : pattern);
  if (asked === undefined || !matchesNamePattern(pattern, asked))
    throw requestNotAllowed(
      `the request is for ${asked ?? 'no name'}, the join code for ${isNamePattern(pattern) ? 'names like ' : ''}${pattern}`,
    );
  checkNodeName(asked);
  return asked;
}

/** A key that came for one name of a pattern cannot come for another. */
async function checkSameName(
  tx: Records,
  before: CertificateRow,
  { identity }: Authorisation,
): Promise<void> {
  if ((await tx.identities.find(identity))?.id !== before.identity)
    throw requestNotAllowed('the public key belongs to another identity');
}

interface Use {
  readonly code: RecordedJoinCode;
  readonly authorisation: Authorisation;
  readonly request: CertificateRequest;
  readonly from: string;
  /** What it gave to this key before. */
  readonly before: CertificateRow | undefined;
  readonly prepared: NonNullable<IssueOrder['prepared']>;
}

/** Whether the code may be used once more; one for a reissue revokes what the identity had. */
async function checkUse(
  tx: Records,
  context: Enrolling,
  { code, authorisation: { identity }, from }: Omit<Use, 'request' | 'before' | 'prepared'>,
): Promise<void> {
  if (code.uses >= code.maxUses) throw usedCode();
  if (context.clock.now() > code.expiresAt) throw expiredCode(code);
  await checkName(tx, identity, code.reissue);
  if (!code.reissue) return;
  await revokeCertificates(tx, context, identity, { reason: 'superseded', by: from });
  await tx.identities.revive(identity);
}

async function use(
  tx: Records,
  context: Enrolling,
  { code, authorisation, request, from, before, prepared }: Use,
): Promise<Issued> {
  const { spki } = request;
  const details = { token: code.id };
  const order = {
    authorisation,
    spki,
    kind: 'issued',
    by: from,
    details,
    before: before?.id,
    prepared,
  } as const;
  return await issue(tx, context, order);
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
