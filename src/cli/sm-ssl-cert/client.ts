import { clientName, parseOid, sesamFiles } from '../../compat/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer } from '../terminal/answer.ts';
import { addPlaceOptions, checkHasAuthority, issuedAnswer, issueWithKey } from '../vendor/issue-with-key.ts';
import {
  type PlaceOptions,
  prepareDirectory,
  rememberMade,
  sesamPath,
  writeFiles,
} from '../vendor/written-files.ts';
import type { Word } from '../word.ts';

/** `holdfast sm_ssl_cert client` */
export const word: Word = {
  define: (command) => {
    const summary = 'make a client certificate and key: ini/x.509/client.pem, client.key';
    command
      .description(summary)
      .option('--oid <options>', 'the subject: KEY:value,KEY:value with the keys below')
      .option('--name <name>', 'of the client in the network (default: from CN, else client)');
    addPlaceOptions(command).addHelpText('after', help);
  },
  run: makeClient,
};

const help = `
Keys of --oid:
  C   country         GQ  generation       O   organization   S  surname
  CN  common name     I   initials         OU  unit           T  title
  DQ  dn qualifier    L   locality         P   pseudonym
  GN  given name      N   name             PC  postal code
A comma separates only before a key and its colon; \\ takes the next character
as it is.

Examples:
  sm_ssl_cert client
  sm_ssl_cert client --oid='CN:laptop,O:Smith, Jones & Co,C:DE' --path=/tmp/laptop
`;

interface ClientOptions extends PlaceOptions {
  readonly oid?: string;
  readonly name?: string;
}

/** `sm_ssl_cert client`: `client.pem` and `client.key` with the subject of `--oid`. */
async function makeClient(context: Context, options: ClientOptions): Promise<Answer> {
  const subject = options.oid === undefined ? undefined : parseOid(options.oid);
  await checkHasAuthority(context);
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
  return issuedAnswer(context, issued, { certificate, key });
}
