import { readFile } from 'node:fs/promises';
import {
  type Bytes,
  type Clock,
  dayMs,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  systemErrorCode,
  writeFileAtomic,
} from '../base/index.ts';
import {
  type Certificate,
  certificatePem,
  certificatesFromPem,
  createLintedCertificate,
  createName,
  exportPublicKey,
  formatGeneralName,
  generateKeyPair,
  generateSerialNumber,
  parseCertificate,
} from '../pki/index.ts';
import { parseRequestedNames } from '../policy/index.ts';
import type { Credentials } from '../transport/index.ts';
import { type Keystore, serverLabel } from '../trust/index.ts';

/** Where a certificate without an authority is kept, and what it is to say. */
export interface SelfSignedOptions {
  /** Of the server's machine. */
  readonly keystore: Keystore;
  /** Where clients' administrators find the certificate: `cert256.arm`, PEM. */
  readonly file: string;
  /** Host names and addresses, best first. */
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Makes another one for the same key where there is one: clients have to be told. */
  readonly renew?: boolean;
}

/** The certificate of a server that has no authority. */
export interface SelfSigned {
  readonly credentials: Credentials;
  readonly certificate: Certificate;
  /** What became of it just now. */
  readonly state: 'kept' | 'made' | 'renewed' | 'replaced';
  /** That of before, where clients may believe it still. */
  readonly before?: Certificate | undefined;
}

/** As long as clients are to believe it without hearing anything: whoever imported it has to be told of every other one. */
const lifetimeMs = 3650 * dayMs;
/** So long before its end it is said that somebody has to do something. */
const noticeMs = 60 * dayMs;

/**
 * The certificate that the server made for itself, or a new one where there is none. It is never replaced by itself, since
 * every client would take the next one for an attack: its end is told, and another is made when somebody says so, for the same key.
 * Where the key is lost another key is made: `before` is then what lies in the file.
 *
 * @throws HoldfastError `certificate_expired` for one that has ended, `keystore_*`
 */
export async function selfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const { keystore, file, clock, renew = false } = options;
  const kept = keystore.has(serverLabel)
    ? parseCertificate(keystore.certificate(serverLabel)[0] as Bytes)
    : undefined;
  if (kept !== undefined && !renew && clock.now() > kept.notAfter.getTime()) throw ended(kept);
  const before = kept ?? (await certificateIn(file));
  const certificate = kept !== undefined && !renew ? kept : await make(options, kept !== undefined);
  if (!equalBytes((await certificateIn(file))?.der ?? new Uint8Array(), certificate.der))
    await writeFileAtomic(file, certificatePem(certificate.der));
  const privateKey = keystore.key(serverLabel);
  const isNew = certificate !== kept;
  return {
    credentials: { chain: [certificate.der], privateKey },
    certificate,
    state: !isNew ? 'kept' : before === undefined ? 'made' : kept === undefined ? 'replaced' : 'renewed',
    ...(isNew && { before }),
  };
}

/** What somebody has to know of a certificate without an authority, in sentences; nothing when all is well. */
export function selfSignedWarnings(
  certificate: Certificate,
  names: readonly string[],
  nowMs: number,
): string[] {
  const certified = new Set(certificate.extensions.subjectAltNames.map(formatGeneralName));
  const missing = parseRequestedNames(names)
    .names.map(formatGeneralName)
    .filter((name) => !certified.has(name))
    .map((name) => name.replace(/^(?:dns|ip):/, ''));
  const again =
    'holdfast serve --renew-certificate makes another for the same key, which every client has to import';
  return [
    ...(certificate.notAfter.getTime() - nowMs < noticeMs
      ? [`the certificate of this server ends ${certificate.notAfter.toISOString()}; ${again}`]
      : []),
    ...(missing.length > 0
      ? [`the certificate of this server is not for ${missing.join(', ')}; ${again}`]
      : []),
  ];
}

async function make(
  { keystore, names, clock }: SelfSignedOptions,
  isForSameKey: boolean,
): Promise<Certificate> {
  const privateKey = isForSameKey ? keystore.key(serverLabel) : (await generateKeyPair('p256')).privateKey;
  const nowMs = clock.now();
  const subject = createName({ CN: names[0] ?? 'localhost' });
  const der = createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: subject,
      subject,
      notBefore: new Date(nowMs - 5 * 60_000),
      notAfter: new Date(nowMs + lifetimeMs),
      spki: exportPublicKey(privateKey),
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth'],
        subjectAltNames: parseRequestedNames(names).names,
      },
    },
    privateKey,
  );
  await keystore.update((entries) => {
    entries.putKey(serverLabel, privateKey);
    entries.putCertificates(serverLabel, [der]);
  });
  return parseCertificate(der);
}

/** The certificate in the file; undefined where it is gone, or holds something else. */
async function certificateIn(file: string): Promise<Certificate | undefined> {
  try {
    const [der] = certificatesFromPem(await readFile(file, 'utf8'));
    return der && parseCertificate(der);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || isHoldfastError(error)) return undefined;
    throw error;
  }
}

function ended({ notAfter, fingerprint }: Certificate): HoldfastError {
  return new HoldfastError(
    'certificate_expired',
    `the certificate of this server, ${fingerprint}, ended ${notAfter.toISOString()}`,
    {
      hint: 'make another for the same key, and have every client import it: holdfast serve --renew-certificate',
    },
  );
}
