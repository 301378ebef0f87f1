/**
 * How a machine becomes a node, and stays one: join codes, first certificates, the next ones.
 *
 * What the room promises: a name once issued stays with its identity; a use of a code is counted in the transaction that issues,
 * and is answered again to whoever has the same key.
 */
export { checkName, createJoinCode, type JoinCodeOrder } from './create-join-code.ts';
export { type Enrolling, type EnrolOrder, enrolNode } from './enrol-node.ts';
export { JoinCodes } from './join-codes.ts';
export { authorisedBy, type RenewOrder, renewNode } from './renew-node.ts';
