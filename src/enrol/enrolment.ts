import { type Bytes, equalBytes, HoldfastError } from '../base/index.ts';
import { type Certificate, type Identity, parseCertificate } from '../pki/index.ts';
import { parseTrustBundle, type TrustBundle, verifyIdentity } from '../trust/index.ts';
import { type SignedCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { EnrolmentAnswer, parseAnswer } from './message.ts';

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
export interface EnrolmentExpectation {
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
