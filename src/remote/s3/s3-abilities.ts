import { discardBody } from '../../transport/index.ts';
import { bodyOf, type S3Client } from './s3-client.ts';
import type { S3Refusal } from './s3-refusal.ts';

/** What a service can do of what not every one can. */
export interface S3Abilities {
  /** Whether it keeps an object that is there when another is sent under its key, where it is asked to (`If-None-Match: *`). */
  readonly keepsFirst: boolean;
  /** Whether it takes a SHA-256 to keep beside an object, and to compare it by. */
  readonly takesChecksums: boolean;
}

/** Asks a service to store nothing where something is. */
export const onlyFirst = { 'if-none-match': '*' } as const;

/** The header of a checksum, of a hash in hexadecimal. */
export function checksumHeader(sha256: string): Readonly<Record<string, string>> {
  return { [checksumName]: Buffer.from(sha256, 'hex').toString('base64') };
}

/** As S3 calls it. */
export const checksumName = 'x-amz-checksum-sha256';

const probe = bodyOf(Buffer.from('What this place can do is tried here.\n'));

/**
 * Tries what the service can do, on an object that is made for it once and left there: one request, two at the first time.
 * @throws HoldfastError where nothing may be written there
 */
export async function probeAbilities(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<S3Abilities> {
  const put = async (headers: Readonly<Record<string, string>>): Promise<Tried> => {
    const outcome = await client.ask({ method: 'PUT', key, headers, body: probe, signal });
    if (outcome.kind === 'refusal' && isKept(outcome)) return 'kept';
    if (outcome.kind === 'refusal' && isNotKnown(outcome)) return 'not known';
    await discardBody(client.expect(outcome, 'trying what this place can do'));
    return 'stored';
  };
  const checksum = checksumHeader(probe.sha256);
  let takesChecksums = true;
  let tried = await put({ ...onlyFirst, ...checksum });
  if (tried === 'not known') {
    takesChecksums = false;
    tried = await put(onlyFirst);
  }
  // It was not there before; now it is.
  if (tried === 'stored') tried = await put({ ...onlyFirst, ...(takesChecksums && checksum) });
  return { keepsFirst: tried === 'kept', takesChecksums };
}

type Tried = 'stored' | 'kept' | 'not known';

/** Whether something is there already, which was asked to be kept. */
export function isKept({ status, code }: S3Refusal): boolean {
  return status === 412 || code === 'PreconditionFailed';
}

/** How services refuse a header that they do not know. */
function isNotKnown({ status, code }: S3Refusal): boolean {
  return (
    status === 501 ||
    (status === 400 && ['NotImplemented', 'InvalidArgument', 'InvalidRequest'].includes(code))
  );
}
