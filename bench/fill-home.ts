import { randomBytes } from 'node:crypto';
import { type Authority, openAuthority } from '../src/authority/index.ts';
import { type Bytes, systemClock } from '../src/base/index.ts';
import { exportPublicKey, generateKeyPair, type SerialNumber } from '../src/pki/index.ts';

/** What a home is filled with. */
export interface Filling {
  readonly home: string;
  readonly certificates: number;
  /** How many of them are revoked, spread evenly. */
  readonly revoked: number;
}

/** So many are under way at a time, which is one commit. */
const atOnce = 256;
/** Each machine has its present certificate and those before it. */
const certificatesOfOne = 4;

/**
 * Issues certificates to the machines of a home, and revokes some, as its administrator would: each signed, with all its
 * rows and its record in the log. Only the keys are points at random, since nobody will use them.
 */
export async function fillHome({ home, certificates, revoked }: Filling): Promise<void> {
  await using authority = await openAuthority({ home, clock: systemClock, worker: true });
  const makeKey = await keyMaker();
  const every = Math.max(1, Math.floor(certificates / Math.max(1, revoked)));
  for (let done = 0; done < certificates; done += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, certificates - done) }, (_, index) => done + index);
    const serials = await Promise.all(numbers.map((number) => issueOne(authority, number, makeKey())));
    const lost = serials.filter((_, index) => (done + index) % every === 0).slice(0, revoked);
    await Promise.all(lost.map((serial) => revokeOne(authority, serial)));
  }
}

async function issueOne(authority: Authority, number: number, spki: Bytes): Promise<SerialNumber> {
  const machine = Math.floor(number / certificatesOfOne);
  const { certificate } = await authority.issueLocal({ role: 'client', name: `machine-${machine}`, spki });
  return certificate.serial;
}

async function revokeOne(authority: Authority, serial: SerialNumber): Promise<void> {
  await authority.revocation.revoke(
    { kind: 'certificate', serial },
    { reason: 'superseded', by: 'admin/local' },
  );
}

/** Makes SubjectPublicKeyInfos of P-256 that are well formed. */
async function keyMaker(): Promise<() => Bytes> {
  const pattern = exportPublicKey((await generateKeyPair('p256')).publicKey);
  const pointBytes = 64;
  return () => {
    const spki = new Uint8Array(pattern);
    spki.set(randomBytes(pointBytes), spki.length - pointBytes);
    return spki;
  };
}
