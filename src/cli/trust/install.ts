import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import { type Node, readNodeState } from '../../agent/index.ts';
import { HoldfastError, writeFileAtomic } from '../../base/index.ts';
import { certificatePem, parseCertificate } from '../../pki/index.ts';
import {
  findTrustStores,
  installInto,
  type StoreCommand,
  type StoreScope,
  type TrustStore,
} from '../../trust/index.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { openOwnNode } from '../home/own-node.ts';
import { readSettings } from '../home/settings.ts';
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
  const hierarchy = await hierarchyOf(context);
  const { network, root, directory } = hierarchy;
  if (options.unconstrained !== true) checkConstrained(hierarchy);
  const pem = certificatePem(root);
  const file = join(directory, 'root.pem');
  const stores = await findTrustStores(options.scope, {
    platform: process.platform,
    root: '/',
    home: context.environment.HOME ?? homedir(),
    name: `holdfast-${network}`,
    file,
    serial: parseCertificate(root).serial,
  });
  if (stores.length === 0)
    throw new HoldfastError('object_not_found', `there is no trust store for the scope ${options.scope}`, {
      hint: 'a browser makes its own when it is started; Debian’s package ca-certificates brings that of the system',
    });
  const steps = stores.flatMap((store) => stepsOf(store, file));
  if (options.dryRun === true) return { value: { steps }, rows: steps.map(line) };
  await writeFileAtomic(file, pem, { mode: 0o644 });
  const record = join(directory, installedFile);
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

/** What is put into stores, and what vouches below it. */
interface Hierarchy {
  readonly network: string;
  /** Stores that take one file for one root would read no second: the newest, DER. */
  readonly root: Uint8Array;
  /** Issuing certificates and roots, DER. */
  readonly all: readonly Uint8Array[];
  /** Where it is noted what was put where. */
  readonly directory: string;
}

/** Of the network that this machine has joined, or whose server it is. */
async function hierarchyOf(context: Context): Promise<Hierarchy> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  const isServer = settings !== undefined && settings.selfSigned !== true;
  if (!isServer || (await readNodeState(home.node)) !== undefined)
    return hierarchyOfNode((await openOwnNode(context)).node);
  const { certificates } = await askAdmin(context, (admin) => admin.call('ca.export', { chain: true }));
  // The one that issues, the root, and what stands above an adopted one.
  const [issuing, root] = certificates.map(derOf);
  if (issuing === undefined || root === undefined) throw new TypeError('an authority has both');
  return { network: settings.network, root, all: [issuing, root], directory: home.node };
}

function derOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function hierarchyOfNode({ bundle, identity: { network }, credentials, directory }: Node): Hierarchy {
  const roots = bundle.current.anchors.flatMap(({ speaksFor, certificate }) =>
    speaksFor.kind === 'network' && speaksFor.network === network ? [certificate] : [],
  );
  const all = [...credentials.current.chain.slice(1), ...roots];
  return { network, root: roots.at(-1) ?? new Uint8Array(), all, directory };
}

/** Whoever has the keys of a network that nothing limits could certify every name to those who trust its root. */
function checkConstrained({ network, all }: Hierarchy): void {
  const limited = all
    .map(parseCertificate)
    .map(({ extensions }) => extensions.nameConstraints?.permitted ?? []);
  if (limited.some(({ length }) => length > 0)) return;
  throw new HoldfastError(
    'hierarchy_unconstrained',
    `nothing limits the names that ${network} may certify: whoever has its keys could pose as any site to the programs of this machine`,
    { hint: 'at the server: holdfast ca permit NAMES; or, when the risk is known, --unconstrained' },
  );
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
