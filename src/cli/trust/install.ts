import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import type { Node } from '../../agent/index.ts';
import { HoldfastError, writeFileAtomic } from '../../base/index.ts';
import { certificatePem, parseCertificate } from '../../pki/index.ts';
import {
  findTrustStores,
  installInto,
  type StoreCommand,
  type StoreScope,
  type TrustStore,
} from '../../trust/index.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, line, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast trust install --scope SCOPE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "put the network's root into the trust stores of this machine, for browsers and other programs",
      )
      .addOption(scopeOption().makeOptionMandatory())
      .option('--dry-run', 'print each step, and do nothing')
      .option('--unconstrained', 'also when nothing limits the names that the network may certify')
      .addHelpText('after', examples);
  },
  run: installRoot,
};

const examples = `
machine is the store of the system, and of Java; service is the same here, since services read that of the system; user is
the databases of Chromium and Firefox in the home directory of the user.

Examples:
  holdfast trust install --scope machine --dry-run
  sudo holdfast trust install --scope machine
  holdfast trust uninstall --scope machine
`;

/** The option that says whose stores are meant. */
export function scopeOption(): Option {
  return new Option('--scope <scope>', 'whose stores').choices(['user', 'service', 'machine']);
}

/** What was installed from a home, and what was there before. */
export const installedFile = 'installed-roots.json';

interface InstallOptions {
  readonly scope: StoreScope;
  readonly dryRun?: boolean;
  readonly unconstrained?: boolean;
}

/** `holdfast trust install` */
async function installRoot(context: Context, options: InstallOptions): Promise<Answer> {
  const { node } = await openOwnNode(context);
  if (options.unconstrained !== true) checkConstrained(node);
  const pem = certificatePem(newestRoot(node));
  const file = join(node.directory, 'root.pem');
  const stores = await findTrustStores(options.scope, {
    platform: process.platform,
    root: '/',
    home: context.environment.HOME ?? homedir(),
    name: `holdfast-${node.identity.network}`,
    file,
    serial: parseCertificate(newestRoot(node)).serial,
  });
  if (stores.length === 0)
    throw new HoldfastError('object_not_found', `there is no trust store for the scope ${options.scope}`, {
      hint: 'a browser makes its own when it is started; Debian’s package ca-certificates brings that of the system',
    });
  const steps = stores.flatMap((store) => stepsOf(store, file));
  if (options.dryRun === true) return { value: { steps }, rows: steps.map(line) };
  await writeFileAtomic(file, pem, { mode: 0o644 });
  const record = join(node.directory, installedFile);
  for (const store of stores) {
    const unchanged = await installInto(record, { store, scope: options.scope, pem });
    for (const path of store.isDerived ? unchanged : [])
      context.output.warn(
        `${path} was not changed yet, and programs that read it do not believe the root: dpkg --triggers-only --pending, when no package is being installed`,
      );
  }
  const names = stores.map(({ name }) => name);
  return { value: { installed: names, steps }, rows: names.map((name) => row('installed', name)) };
}

/** Whoever has the keys of a network that nothing limits could certify every name to those who trust its root. */
function checkConstrained(node: Node): void {
  const issuers = [
    ...node.credentials.current.chain.slice(1).map(parseCertificate),
    ...rootsOf(node).map(parseCertificate),
  ];
  if (issuers.some(({ extensions }) => (extensions.nameConstraints?.permitted.length ?? 0) > 0)) return;
  throw new HoldfastError(
    'hierarchy_unconstrained',
    `nothing limits the names that ${node.identity.network} may certify: whoever has its keys could pose as any site to the programs of this machine`,
    { hint: 'at the server: holdfast ca permit NAMES; or, when the risk is known, --unconstrained' },
  );
}

function rootsOf({ bundle, identity }: Node): readonly Uint8Array[] {
  return bundle.current.anchors.flatMap(({ speaksFor, certificate }) =>
    speaksFor.kind === 'network' && speaksFor.network === identity.network ? [certificate] : [],
  );
}

/** Stores that take one file for one root would read no second. */
function newestRoot(node: Node): Uint8Array {
  return rootsOf(node).at(-1) ?? new Uint8Array();
}

function stepsOf({ own, install }: TrustStore, file: string): string[] {
  const copied = own === undefined ? [] : [['install', '-m', '644', file, own] as const];
  return [...copied, ...install].map((command) => commandText(command));
}

function commandText(command: StoreCommand): string {
  return command
    .map((each) => (/^[\w./:=,@-]+$/.test(each) ? each : `'${each.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
