import { createPrivateKey } from 'node:crypto';
import type { OperationAnswer } from '../../admin/index.ts';
import { asBuffer, HoldfastError, isHoldfastError, readChosenFile } from '../../base/index.ts';
import { exportPrivateKey, parsePem, pemText, privateKeyPem } from '../../pki/index.ts';
import { describeBinding } from '../../server/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { aloneSettings } from '../home/settings.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast tls bind FILE [--host NAME | --listener NAME]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--host', '--listener'));
    command
      .description(
        'show a certificate from elsewhere to everybody at every listener, at one, or to whoever names a host (SNI)',
      )
      .argument('<file>', 'the certificate, then each that signed the one before: PEM, DER or PKCS#7')
      .option('--host <name>', 'for this host name; *.DOMAIN for those one label below')
      .option(
        '--listener <name>',
        'for every connection of this listener: main, open, or one of the settings',
      )
      .option('--key <file>', 'its private key in PEM (default: the one of holdfast request complete)')
      .option(
        '--roots <file>',
        'roots by which clients of this network take it, or the very certificate, for these hosts alone',
      )
      .addHelpText('after', examples);
  },
  run: bind,
};

const examples = `
Without --host and --listener it is shown at every TLS listener, those that come later too; what is bound to a host or
to one listener goes before it. A running server shows it from the next connection on; those that are open go on.

Examples:
  holdfast tls bind vault.pem --roots outside-root.pem
  holdfast tls bind vault.pem --host vault.example --roots outside-root.pem
  holdfast tls bind vault.pem --listener open
`;

/** What `tls bind` takes. */
interface BindOptions {
  readonly host?: string | undefined;
  readonly listener?: string | undefined;
  readonly key?: string | undefined;
  readonly roots?: string | undefined;
}

/** `holdfast tls bind FILE`: everything is checked before anything is changed. */
async function bind(context: Context, file: string, options: BindOptions): Promise<Answer> {
  const { host, listener, key, roots } = options;
  const path = (name: string): string => localPath(context.workingDirectory, name);
  const input = {
    host,
    listener,
    chain: await certificatesIn(path(file)),
    roots: roots === undefined ? [] : await certificatesIn(path(roots)),
    key: key === undefined ? undefined : await readKey(path(key)),
  };
  const bound = await withAdmin(context, (admin) => admin.call('tls.bind', input)).catch(whereKeyIs);
  const isAlone = (await aloneSettings(await openHome(context.home))) !== undefined;
  sayWhoRefuses(context, bound, { roots: input.roots.length, isAlone });
  const { kind, name, serial, fingerprint, notAfter, subject, uncovered } = bound;
  const left = formatRemaining(new Date(notAfter).getTime() - context.clock.now());
  return {
    value: { kind, name, serial, fingerprint, notAfter, uncovered },
    rows: [row('bound', describeBinding({ kind, name }), subject, `until ${notAfter}`, `${left} left`)],
  };
}

/** A key that is in no keystore may be in a file. */
function whereKeyIs(error: unknown): never {
  if (!isHoldfastError(error, 'keystore_entry_missing')) throw error;
  const hint =
    'where its key is in a file, be it the same: --key FILE; where this home made the request: holdfast request complete FILE';
  throw new HoldfastError(error.code, error.message, { hint, cause: error });
}

async function certificatesIn(path: string): Promise<string[]> {
  return (await readCertificates(path)).map((der) => asBuffer(der).toString('base64'));
}

const maxKeyBytes = 1024 * 1024;

/** The labels of unencrypted keys (RFC 7468 §10; those of OpenSSL of old). */
const keyTypes = { 'PRIVATE KEY': 'pkcs8', 'RSA PRIVATE KEY': 'pkcs1', 'EC PRIVATE KEY': 'sec1' } as const;

/** A private key in a file. @throws HoldfastError `path_not_found`, `key_malformed` */
async function readKey(path: string): Promise<string> {
  const hint = 'name the file with the private key in PEM: --key FILE';
  const file = await readChosenFile(path, { maxBytes: maxKeyBytes, hint, tooLong: 'key_malformed' });
  try {
    const [block, ...others] = parsePem(pemText(file)).filter(({ label }) => Object.hasOwn(keyTypes, label));
    if (block === undefined || others.length > 0) throw new TypeError('not one private key');
    const type = keyTypes[block.label as keyof typeof keyTypes];
    const key = createPrivateKey({ key: asBuffer(block.der), format: 'der', type });
    return privateKeyPem(exportPrivateKey(key));
  } catch (cause) {
    throw new HoldfastError('key_malformed', `${path} holds no unencrypted private key in PEM`, { cause });
  }
}

function sayWhoRefuses(
  { output }: Context,
  { name, known, uncovered, exceptions, noJoining = [] }: OperationAnswer<'tls.bind'>,
  { roots, isAlone }: { readonly roots: number; readonly isAlone: boolean },
): void {
  if (uncovered.length > 0)
    output.warn(`clients are configured with ${uncovered.join(', ')}, which the certificate is not for`);
  for (const other of exceptions)
    output.warn(
      `listener ${other} goes on showing what is bound to it: holdfast tls unbind --listener ${other}`,
    );
  for (const enrolling of noJoining)
    output.warn(
      `nobody can join at listener ${enrolling} while it is shown there, since join codes stand for the network's own certificate: --listener NAME binds it to another one`,
    );
  if (!known) output.warn(`no client is configured with ${name}: it is not among the names in holdfast.toml`);
  if (isAlone)
    output.warn(
      'clients take it where their system trusts who signed it; all others are told there: holdfast trust add --server NAME --file FILE',
    );
  else if (roots === 0)
    output.warn(
      'clients of this network refuse it unless they are told whom to believe for it: --roots FILE',
    );
}
