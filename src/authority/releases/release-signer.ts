import type { KeyObject } from 'node:crypto';
import { type Bytes, equalBytes } from '../../base/index.ts';
import { releaseUri } from '../../enrol/index.ts';
import {
  type Certificate,
  createLintedCertificate,
  createName,
  exportPublicKey,
  fingerprint,
  generateKeyPair,
  generateSerialNumber,
  parseCertificate,
} from '../../pki/index.ts';
import { authorityProfiles, needsRenewal } from '../../policy/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { checkIssuing, type Issuing } from '../issue/index.ts';
import { type CaCertificate, keyIdentifierOf, statusPaths } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { type Records, releaseSigner } from '../records/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';

/** What releases are signed with. */
export interface Signing extends Issuing {
  readonly keystore: Keystore;
}

/** Who signs releases now. */
export interface ReleaseSigner {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  /** DER, as it goes out with a manifest: the leaf first. */
  readonly chain: readonly Bytes[];
}

/** Of its key and certificates in the keystore. */
const label = 'release';

/**
 * Finds who signs releases, or makes one with a new key: where there is none, at two thirds of the life of the one before, when
 * that was revoked, and when another issuing certificate issues. It is on record like what nodes have, so that it can be
 * revoked, and the lists say so; its key is for this alone.
 * @throws HoldfastError as `checkStanding`, `clock_wrong`, and as `checkIssuing`
 */
export async function usableSigner(context: Signing): Promise<ReleaseSigner> {
  return (await presentSigner(context)) ?? (await makeSigner(context));
}

/** The one that is in the keystore, where it will do for a while. */
export async function presentSigner({
  keystore,
  records,
  issuer,
  clock,
}: Signing): Promise<ReleaseSigner | undefined> {
  if (!keystore.has(label)) return undefined;
  const [der = new Uint8Array()] = keystore.certificate(label);
  const key = keystore.key(label);
  const certificate = parseCertificate(der);
  const row = await records.committed.certificates.find(certificate.serial);
  const isOurs = row?.issuer === issuer.issuing.label && equalBytes(exportPublicKey(key), certificate.spki);
  if (!isOurs || row.revoked_at !== null || clock.now() < certificate.notBefore.getTime()) return undefined;
  // At the end of the issuing certificate there is nothing to be won by another one.
  const isDue = needsRenewal(certificate, clock.now());
  if (isDue && certificate.notAfter < issuer.issuing.certificate.notAfter) return undefined;
  return { certificate, key, chain: [der, ...issuer.above] };
}

/** The certificate is on record before anything is signed with its key, and in the keystore before that. */
async function makeSigner(context: Signing): Promise<ReleaseSigner> {
  checkStanding(context);
  checkClock(context);
  checkIssuing(context, context.clock.now());
  const { issuer, keystore, records, clock } = context;
  const { privateKey: key } = await generateKeyPair(authorityProfiles.releaseSigner.keyAlgorithm);
  const der = createReleaseCertificate(issuer.issuing, issuer.issuingKey, {
    network: issuer.network,
    statusAddress: issuer.statusAddress,
    spki: exportPublicKey(key),
    nowMs: clock.now(),
  });
  const certificate = parseCertificate(der);
  await keystore.update((entries) => {
    entries.putKey(label, key);
    entries.putCertificates(label, [der]);
  });
  await records.transaction((tx) => putOnRecord(tx, context, certificate));
  return { certificate, key, chain: [der, ...issuer.above] };
}

async function putOnRecord(tx: Records, { log, issuer }: Signing, certificate: Certificate): Promise<void> {
  const { serial, spki, notBefore, notAfter, der, extensions } = certificate;
  const made = fingerprint(der);
  const details = { identity: releaseSigner, serial, fingerprint: made, notAfter: notAfter.toISOString() };
  const names = extensions.subjectAltNames;
  const given = { serial, spki, notBefore, notAfter, der, fingerprint: made, names, use: undefined };
  await log.decide(tx, kinds.issued, {
    by: 'authority',
    details,
    given: { ...given, issuer: issuer.issuing.label },
  });
}

/** A certificate that lets `spki` sign the releases of a network, and do nothing else. */
export function createReleaseCertificate(
  { label: issuerLabel, certificate }: Pick<CaCertificate, 'label' | 'certificate'>,
  issuerKey: KeyObject,
  {
    network,
    statusAddress,
    spki,
    nowMs,
  }: {
    readonly network: string;
    readonly statusAddress: string;
    readonly spki: Bytes;
    readonly nowMs: number;
  },
): Bytes {
  const { lifetimeMs, backdateMs } = authorityProfiles.releaseSigner;
  return createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: certificate.subject,
      subject: createName({ CN: 'Holdfast releases' }),
      notBefore: new Date(Math.max(nowMs - backdateMs, certificate.notBefore.getTime())),
      notAfter: new Date(Math.min(nowMs + lifetimeMs, certificate.notAfter.getTime())),
      spki,
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['codeSigning'],
        subjectAltNames: [{ kind: 'uri', value: releaseUri(network) }],
        authorityKeyId: keyIdentifierOf(certificate),
        crlUrls: [statusAddress + statusPaths.crl(issuerLabel)],
        ocspUrls: [statusAddress + statusPaths.ocsp],
        issuerUrls: [statusAddress + statusPaths.certificate(issuerLabel)],
      },
    },
    issuerKey,
  );
}
