import { type ErrorCode, HoldfastError, isHoldfastError } from '../../base/index.ts';

/** Identifier octets used by PKIX (X.690 §8.1.2): class, constructed bit and tag number in one byte. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The context-specific tag `[number]` of an IMPLICIT primitive. */
export function context(number: number): number {
  return 0x80 | number;
}

/** The context-specific tag `[number]` of something constructed: EXPLICIT, or an IMPLICIT SEQUENCE or SET. */
export function contextConstructed(number: number): number {
  return 0xa0 | number;
}

/** The error for bytes that are not DER, or not the structure expected; `at` is the byte offset in the input. */
export function malformed(problem: string, at: number): HoldfastError {
  return new HoldfastError('der_malformed', `${problem} at byte ${at}`);
}

/** Runs a parser; what it finds malformed is said with the code and the name of the object that was read. */
export function reading<T>(code: ErrorCode, object: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isHoldfastError(error, 'der_malformed')) throw error;
    throw new HoldfastError(code, `${object} is malformed: ${error.message}`, { cause: error });
  }
}
