/**
 * Answers on single certificates (RFC 6960): signed ahead and kept, and who signs them.
 */
export { type OcspAnswerBytes, OcspResponder } from './ocsp-responder.ts';
export { type Answering, renewOcspSignersWhenDue } from './ocsp-signers.ts';
