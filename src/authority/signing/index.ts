/**
 * What takes longest on the way to a certificate, in a thread of its own: proofs of requests checked, certificates signed.
 */
export { CertificateSigner } from './certificate-signer.ts';
export { checkKeyStrength, readRequest } from './request-proof.ts';
export { answerBatches, SigningThread, unpack } from './signing-thread.ts';
