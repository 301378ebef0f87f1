import type { OpenedPlace, OpeningOptions } from './opened-place.ts';
import { parseS3Place, type S3Place } from './s3/s3-place.ts';
import { parseSftpPlace, type SftpPlace } from './sftp/sftp-place.ts';

/** Where a repository is that is at no server of ours and in no folder of this machine. */
export type ObjectPlace = S3Place | SftpPlace;

/** The place that a text names; undefined where it begins like none. @throws HoldfastError `usage` for one that is none */
export function parseObjectPlace(text: string): ObjectPlace | undefined {
  return parseS3Place(text) ?? parseSftpPlace(text);
}

/** Opens a place. Nothing is asked of it yet. @throws HoldfastError where this machine lacks what opens it */
export async function openObjectPlace(place: ObjectPlace, options: OpeningOptions): Promise<OpenedPlace> {
  if (place.kind === 's3') {
    const { openS3 } = await import('./s3/open-s3.ts');
    return await openS3(place, options);
  }
  const { SftpStore } = await import('./sftp/sftp-store.ts');
  const store = new SftpStore(place, options);
  return { store, route: `over ssh to ${place.host}`, [Symbol.dispose]: () => store[Symbol.dispose]() };
}
