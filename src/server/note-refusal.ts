import type { Socket } from 'node:net';
import { type Authority, triedByPeers } from '../authority/index.ts';
import { type ErrorCode, isHoldfastError, type Log } from '../base/index.ts';
import { isToldToPeer, namedIdentity } from '../transport/index.ts';
import { peerAddress } from './peer-address.ts';

/** Has the authority keep that whoever is at the other end was refused, and why. */
export type NoteRefusal = (socket: Socket, error: unknown) => void;

/** What somebody does who cannot say who they are: counted, and nothing else. */
const refusalsOfStrangers: readonly ErrorCode[] = ['certificate_required', 'certificate_unknown_authority'];

/**
 * Keeps in the log of decisions who was refused at the gate, or let in and then refused what is not theirs: one of ours by
 * name and address, so that a stolen machine is seen to try; anybody else as a number. What else is refused (a path that is not there) is nobody's decision.
 */
export function refusalNoter(authority: Authority, log: Log): NoteRefusal {
  return (socket, error) => {
    if (!isHoldfastError(error) || error.code === 'issuer_revoked') return;
    const isNamed = isToldToPeer(error) || triedByPeers.includes(error.code);
    const identity = isNamed ? namedIdentity(socket) : undefined;
    if (identity === undefined && !refusalsOfStrangers.includes(error.code)) return;
    authority
      .noteRefusal(error, identity && { identity, from: peerAddress({ socket }) })
      .catch((failure: unknown) => log.warn('a refusal could not be recorded', { error: failure }));
  };
}
