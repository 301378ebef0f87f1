/**
 * Releases of this program for the machines of the network: their files, and what is signed of them.
 *
 * What the room promises: what is offered was signed by a key that is for nothing else, and is in the log before anybody sees it;
 * it is offered whole or not at all; and what is signed later has a higher number.
 */
export { createReleaseCertificate } from './release-signer.ts';
export { Releases } from './releases.ts';
