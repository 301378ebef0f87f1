import { isHoldfastError } from '../../base/index.ts';
import { serverName, sesamFiles } from '../../compat/index.ts';
import { type Certificate, certificatesFromPem, parseCertificate } from '../../pki/index.ts';
import { parseRequestedNames, reachableNames } from '../../policy/index.ts';
import { verifyServerName } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import { readSettings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { type Answer } from '../terminal/answer.ts';
import {
  addPlaceOptions,
  checkHasAuthority,
  type IssuedWithKey,
  issuedAnswer,
  issueWithKey,
} from '../vendor/issue-with-key.ts';
import {
  type PlaceOptions,
  prepareDirectory,
  rememberMade,
  sesamPath,
  writeFiles,
} from '../vendor/written-files.ts';
import type { Word } from '../word.ts';

/** `holdfast sm_ssl_cert server` */
export const word: Word = {
  define: (command) => {
    const summary = 'make a server certificate and key: ini/ssl/server.pem, server.key';
    command
      .description(summary)
      .requiredOption('--common-name <names>', 'host names and addresses, separated by commas');
    addPlaceOptions(command)
      .option('--name <name>', 'of the server in the network (default: from the first of its names)')
      .addHelpText('after', examples);
  },
  run: makeServer,
};

const examples = `
A name is a host name, *. in front of a domain, an address, or 192.168.1.* for
all 256 addresses of that block.

Examples:
  sm_ssl_cert server --common-name=myserver,myserver.domain.com
  sm_ssl_cert server --common-name=rds1.domain.com --path=/tmp/rds1
`;

interface ServerOptions extends PlaceOptions {
  readonly commonName: string;
  readonly name?: string;
}

/** `sm_ssl_cert server`: `server.pem` and `server.key` for the names of `--common-name`. */
async function makeServer(context: Context, options: ServerOptions): Promise<Answer> {
  const { commonName } = parseRequestedNames([options.commonName]);
  await checkHasAuthority(context);
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
  return issuedAnswer(context, issued, { certificate, key });
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
