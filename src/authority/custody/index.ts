/**
 * Where the keys are that everything hangs on: those of the authority, here or in a file elsewhere, and what nodes left for the
 * day on which they lose theirs.
 */
export { Custody, type IssuerCustody, rootCameBack } from './custody.ts';
export { Escrow, type Escrowing, noteAllOnKit } from './escrow.ts';
export { type Copied, copyWarnings, KeyCopies } from './plain-copies.ts';
export { generateRecoveryKey, recoveryKitText } from './recovery-kit.ts';
