import { createPrivateKey, type KeyObject } from 'node:crypto';
import { keyOf, openOrCreateKeystore } from '../../agent/index.ts';
import { asBuffer, HoldfastError, readChosenFile } from '../../base/index.ts';
import { type Certificate, formatName } from '../../pki/index.ts';
import { listenersOf } from '../../policy/index.ts';
import {
  type BindingTarget,
  bindCertificate,
  bindingName,
  bindingTarget,
  checkBinding,
  checkPair,
  covers,
  hostsOf,
} from '../../server/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import { type Home, openHome } from '../home/home.ts';
import { readSettings, type Settings } from '../home/settings.ts';
import { addRules, exactlyOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast tls bind FILE --host NAME | --listener NAME` */
export const word: Word = {
  define: (command) => {
    addRules(command, exactlyOne('--host', '--listener'));
    command
      .description(
        'show a certificate from elsewhere to whoever names a host (SNI), or to everybody at a listener',
      )
      .argument('<file>', 'the certificate, then each that signed the one before: PEM, DER or PKCS#7')
      .option('--host <name>', 'for this host name; *.DOMAIN for those one label below')
      .option(
        '--listener <name>',
        'for every connection of this listener: main, open, or one of the settings',
      )
      .option('--key <file>', 'its private key in PEM (default: the one of holdfast request complete)')
      .option('--roots <file>', 'roots by which clients of this network take it, for these hosts alone')
      .addHelpText('after', examples);
  },
  run: bind,
};

const examples = `
A running server shows it from the next connection on; those that are open go on.

Examples:
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
  const home = await openHome(context.home);
  const settings = await serverSettings(home);
  const target = bindingTarget(options, listenersOf(settings));
  const path = (name: string): string => localPath(context.workingDirectory, name);
  const chain = await readCertificates(path(file));
  const roots = options.roots === undefined ? [] : await readCertificates(path(options.roots));
  const givenKey = options.key === undefined ? undefined : await readKey(path(options.key));
  const leaf = checkBinding({ target, chain, roots, at: new Date(context.clock.now()) });
  const keystore = await openOrCreateKeystore(home.node);
  const key = givenKey ?? (await keyOf(keystore, chain));
  checkPair(leaf, key);
  const hosts = hostsOf(target, leaf, settings.names);
  await bindCertificate(keystore, target, { chain, key }, () =>
    withAdmin(context, async (admin) => {
      const { fingerprint } = leaf;
      const told = roots.map((der) => asBuffer(der).toString('base64'));
      await admin.call('tls.bind', { target: bindingName(target), fingerprint, hosts, roots: told });
    }),
  );
  return boundAnswer(context, { target, leaf, names: settings.names, roots: roots.length });
}

/** The settings of the server in a home. @throws HoldfastError `home_missing` when there is none */
export async function serverSettings(home: Home): Promise<Settings> {
  const settings = await readSettings(home);
  if (settings !== undefined) return settings;
  throw new HoldfastError('home_missing', `there is no server in ${home.path}`, {
    hint: 'run this on the machine of the server, or name its home with --home DIR',
  });
}

const maxKeyBytes = 1024 * 1024;

/** A private key in a file. @throws HoldfastError `path_not_found`, `key_malformed` */
async function readKey(path: string): Promise<KeyObject> {
  const hint = 'name the file with the private key in PEM: --key FILE';
  const text = await readChosenFile(path, { maxBytes: maxKeyBytes, hint, tooLong: 'key_malformed' });
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new HoldfastError('key_malformed', `${path} holds no unencrypted private key in PEM`, { cause });
  }
}

interface Bound {
  readonly target: BindingTarget;
  readonly leaf: Certificate;
  readonly names: readonly string[];
  readonly roots: number;
}

function boundAnswer({ output, clock }: Context, { target, leaf, names, roots }: Bound): Answer {
  const uncovered = target.kind === 'listener' ? names.filter((each) => !covers(leaf, each)) : [];
  if (uncovered.length > 0)
    output.warn(`clients are configured with ${uncovered.join(', ')}, which the certificate is not for`);
  if (target.kind === 'host' && !names.some((name) => name.toLowerCase() === target.name))
    output.warn(`no client is configured with ${target.name}: it is not among the names in holdfast.toml`);
  if (roots === 0)
    output.warn(
      'clients of this network refuse it unless they are told whom to believe for it: --roots FILE',
    );
  const notAfter = leaf.notAfter.toISOString();
  const left = formatRemaining(leaf.notAfter.getTime() - clock.now());
  const { serial, fingerprint } = leaf;
  const shown = row(
    'bound',
    bindingName(target),
    formatName(leaf.subject),
    `until ${notAfter}`,
    `${left} left`,
  );
  return { value: { ...target, serial, fingerprint, notAfter, uncovered }, rows: [shown] };
}
