import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { clientName, parseOid, serverName, sesamFiles } from '../../compat/index.ts';
import { type Certificate, certificatesFromPem, parseCertificate } from '../../pki/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import { verifyServerName } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import { reachableNames } from '../home/reachable-names.ts';
import { readSettings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { formatRemaining } from '../terminal/format.ts';
import { type IssuedWithKey, issueWithKey } from './issue-with-key.ts';
import { rememberMade } from './made-files.ts';
import { type PlaceOptions, prepareDirectory, sesamPath, writeFiles } from './written-files.ts';

export interface ServerOptions extends PlaceOptions {
  readonly commonName: string;
  readonly name?: string;
}

export interface ClientOptions extends PlaceOptions {
  readonly oid?: string;
  readonly name?: string;
}

/** `sm_ssl_cert server`: `server.pem` and `server.key` for the names of `--common-name`. */
export async function makeServer(context: Context, options: ServerOptions): Promise<void> {
  const { commonName } = parseRequestedNames([options.commonName]);
  await checkHome(context);
  const certificate = sesamPath(context, sesamFiles.serverCertificate, options);
  const key = sesamPath(context, sesamFiles.serverKey, options);
  await prepareDirectory(certificate);
  const issued = await issueWithKey(context, {
    role: 'server',
    name: serverName(options.commonName, options.name),
    names: [options.commonName],
    subject: commonName === undefined ? {} : { CN: commonName },
  });
  await writeFiles([
    { path: key, kind: sesamFiles.serverKey, text: issued.keyPem },
    { path: certificate, kind: sesamFiles.serverCertificate, text: issued.certificatePem },
  ]);
  const home = await openHome(context.home);
  if (options.path === undefined) await warnOfNames(context, issued);
  await rememberMade(home, { server: { certificate, key } });
  sayIssued(context, issued, { certificate, key });
}

/** `sm_ssl_cert client`: `client.pem` and `client.key` with the subject of `--oid`. */
export async function makeClient(context: Context, options: ClientOptions): Promise<void> {
  const subject = options.oid === undefined ? undefined : parseOid(options.oid);
  await checkHome(context);
  const certificate = sesamPath(context, sesamFiles.clientCertificate, options);
  const key = sesamPath(context, sesamFiles.clientKey, options);
  await prepareDirectory(certificate);
  const issued = await issueWithKey(context, {
    role: 'client',
    name: clientName(subject ?? {}, options.name),
    subject,
  });
  await writeFiles([
    { path: key, kind: sesamFiles.clientKey, text: issued.keyPem },
    { path: certificate, kind: sesamFiles.clientCertificate, text: issued.certificatePem },
  ]);
  await rememberMade(await openHome(context.home), { client: { certificate, key } });
  sayIssued(context, issued, { certificate, key });
}

/** Before a directory is made. @throws HoldfastError `home_missing`, with the word that makes one */
async function checkHome({ home }: Context): Promise<void> {
  try {
    await openHome(home);
  } catch (cause) {
    if (!isHoldfastError(cause, 'home_missing')) throw cause;
    throw new HoldfastError('home_missing', cause.message, {
      hint: 'sm_ssl_cert ca makes the authority; --home DIR names another place',
      cause,
    });
  }
}

/** Says which addresses that clients of this server were given are not among the names. */
async function warnOfNames(context: Context, { certificatePem }: IssuedWithKey): Promise<void> {
  const settings = await readSettings(await openHome(context.home));
  const [der] = certificatesFromPem(certificatePem);
  if (settings === undefined || der === undefined) return;
  const leaf = parseCertificate(der);
  for (const name of leaf.extensions.subjectAltNames) {
    if (name.kind === 'dns' && isShort(name.value))
      context.output.warn(
        `most TLS clients take no host by ${name.value}: they want two labels after an asterisk`,
      );
  }
  const missing = reachableNames(settings.names).filter((name) => !covers(leaf, name));
  if (missing.length === 0) return;
  context.output.warn(
    `clients are configured with ${missing.join(', ')}, which this certificate does not name: ` +
      'add to --common-name those by which they reach the server that takes it',
  );
}

/** `*.lan`: OpenSSL, Node and browsers pass it over. */
function isShort(name: string): boolean {
  return /^\*\.[^.]+$/.test(name);
}

function covers(certificate: Certificate, name: string): boolean {
  try {
    verifyServerName(certificate, name);
    return true;
  } catch (error) {
    if (isHoldfastError(error, 'certificate_wrong_name')) return false;
    throw error;
  }
}

function sayIssued(
  { output, clock }: Context,
  { answer }: IssuedWithKey,
  files: { readonly certificate: string; readonly key: string },
): void {
  const { identity, serial, fingerprint, notAfter } = answer;
  if (output.json) return output.value({ identity, serial, fingerprint, notAfter, ...files });
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  output.row('issued', identity, `serial ${serial.slice(0, 16)}`, `valid ${left}`);
  output.row('certificate', files.certificate);
  output.row('key', files.key, 'move it to its machine; it was made here and is not kept elsewhere');
}
