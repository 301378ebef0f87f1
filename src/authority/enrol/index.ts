/**
 * Why a certificate is issued to somebody who asks: by a join code, by a certificate of before, by a person.
 *
 * What the room promises: every request is read by one judge and held against one table of what requests ask for; a
 * certificate says what its authoriser lets it say; a name once issued stays with its identity; a use of an authoriser is on
 * record in the transaction that issues, and is answered again to whoever has the same key.
 */

export { certifyIn, type Enrolling, type Judged, judge, prove } from './authoriser.ts';
export { BearerTokens } from './bearer-tokens.ts';
export { findSigner, lateAuthorisation, type RenewOrder, renewNode } from './by-certificate.ts';
export { type EnrolOrder, enrolNode } from './by-join-code.ts';
export { PersonAuthoriser, type PersonBasis } from './by-person.ts';
export { createJoinCode, type JoinCodeOrder } from './create-join-code.ts';
export { JoinCodes } from './join-codes.ts';
export type { Judgement } from './judge-request.ts';
export type { LeftOut } from './left-out.ts';
export type { Said } from './requested-hosts.ts';
