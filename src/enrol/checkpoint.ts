import type { KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';
import { type Certificate, publicKeyOf } from '../pki/index.ts';
import { isSignedText, signText } from './signed-text.ts';

/**
 * How far an authority's log had come at a moment. Whoever keeps one can tell later whether the authority that answers
 * has forgotten something: a lower epoch or sequence, or another head at the same place.
 */
export const Checkpoint = Type.Object(
  {
    network: Type.String(),
    /** 1 for a new authority, one more after each restore from a backup. */
    epoch: Type.Integer({ minimum: 1 }),
    /** Number of the last record, from 1. */
    sequence: Type.Integer({ minimum: 1 }),
    /** SHA-256 of the last record, lowercase hexadecimal. */
    head: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** Of the newest revocation list; 0 before the first. */
    crlNumber: Type.Integer({ minimum: 0 }),
    /** When it was signed, ISO 8601. */
    at: Type.String(),
  },
  { additionalProperties: false },
);
export type Checkpoint = Static<typeof Checkpoint>;

/** A checkpoint's exact text, and its signature by an issuing certificate's key in base64. */
export const SignedCheckpoint = Type.Object(
  { checkpoint: Type.String({ maxLength: 1024 }), signature: Type.String({ maxLength: 1024 }) },
  { additionalProperties: false },
);
export type SignedCheckpoint = Static<typeof SignedCheckpoint>;

const domain = 'holdfast checkpoint v1';

/** Signs a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, issuingKey: KeyObject): SignedCheckpoint {
  const text = JSON.stringify(checkpoint);
  return { checkpoint: text, signature: signText(domain, text, issuingKey) };
}

/**
 * The checkpoint that `issuing` signed. @throws HoldfastError `checkpoint_invalid`
 */
export function verifyCheckpoint(signed: SignedCheckpoint, issuing: Certificate): Checkpoint {
  const { checkpoint: text, signature } = signed;
  const genuine = isSignedText(domain, { text, signature, key: publicKeyOf(issuing) });
  const checkpoint = genuine ? claimedCheckpoint(signed) : undefined;
  if (checkpoint !== undefined) return checkpoint;
  throw new HoldfastError(
    'checkpoint_invalid',
    'the checkpoint was not signed by the issuing certificate beside it',
  );
}

/** What a checkpoint says, whoever signed it; undefined when it is none. */
export function claimedCheckpoint({ checkpoint }: SignedCheckpoint): Checkpoint | undefined {
  const value = parseJson(checkpoint);
  return Check(Checkpoint, value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
