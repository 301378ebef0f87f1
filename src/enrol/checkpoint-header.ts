import { Check } from 'typebox/value';
import { SignedCheckpoint } from './checkpoint.ts';

/**
 * The header in which a node says with its first request what it knows of the authority's log, and the server in its answer:
 * it is heard before anything else is decided about the request.
 */
export const checkpointHeader = 'holdfast-checkpoint';

/** In base64url; far below what an HTTP server takes as headers. */
const maxLength = 4096;

/** A checkpoint as the value of a header. */
export function encodeCheckpointHeader(signed: SignedCheckpoint): string {
  return Buffer.from(JSON.stringify(signed)).toString('base64url');
}

/** The checkpoint in a header, of which nothing is verified; undefined for anything else. */
export function readCheckpointHeader(value: unknown): SignedCheckpoint | undefined {
  if (typeof value !== 'string' || value.length > maxLength) return undefined;
  try {
    const signed: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
    return Check(SignedCheckpoint, signed) ? signed : undefined;
  } catch {
    return undefined;
  }
}
