import { withAdmin } from '../home/administering.ts';
import { ListOption, parseDurationOption } from '../options/option-values.ts';
import { addRules, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import { readKit } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';
import { grantRows } from './grant-rows.ts';
import { sealByKit } from './seal-by-kit.ts';

/** `holdfast grant create --from NODE --to NODE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      needs('--snapshots', '--path'),
      needs('--kit-password-file', '--kit'),
      needs('--trust-server', '--kit'),
    )
      .description('let one client restore what another one has saved, for some time')
      .requiredOption('--from <name>', 'the client whose repository it is')
      .requiredOption('--to <name>', 'the client that may read it')
      .requiredOption(
        '--expires <duration>',
        'for how long, by the clock of the server (90d at most)',
        parseDurationOption,
      )
      .option('--path <path>', 'a copy of this file or folder alone, with a key of its own')
      .addOption(new ListOption('--snapshots <list>', 'of these snapshots: latest, all, or IDs (latest)'))
      .option('--kit <file>', 'open the repository by the recovery kit, where its machine is lost')
      .option('--kit-password-file <file>', 'the passphrase of the kit, where it has one')
      .option('--trust-server', 'take what is not known to be of that machine, without asking')
      .addHelpText('after', examples);
  },
  run: createGrant,
};

const examples = `
The agent of the machine that it is from seals the key of its repository to the certificate of the other one, where its owner allows
that: on that machine, holdfast client set agent.allow grant, or grant:/etc for what is in that folder. Without --path the other
machine gets the key of all that is saved there and will be: revoking a grant ends what it may fetch, and not what it knows. With --path it
gets a copy of that, and the key of the copy, which is removed with the grant.

With --kit it is sealed here: run it on the machine of the server, and bring the kit there for as long as that takes.

Examples:
  holdfast grant create --from web --to web2 --path /etc --expires 2d
  holdfast grant create --from web --to web2 --expires 2d --kit /media/safe/recovery-kit.txt
`;

interface CreateOptions {
  readonly from: string;
  readonly to: string;
  /** Milliseconds. */
  readonly expires: number;
  readonly path?: string;
  readonly snapshots?: readonly string[];
  readonly kit?: string;
  readonly kitPasswordFile?: string;
  readonly trustServer?: boolean;
}

/** `holdfast grant create --from NODE --to NODE` */
async function createGrant(context: Context, options: CreateOptions): Promise<Answer> {
  const {
    from,
    to,
    expires: lifetimeMs,
    path,
    snapshots,
    kit: file,
    kitPasswordFile,
    trustServer = false,
  } = options;
  const kit = file === undefined ? undefined : await readKit(context, { kit: file, kitPasswordFile });
  const order = { from, to, path, lifetimeMs, ...(snapshots && { snapshots: [...snapshots] }) };
  const grant = await withAdmin(context, async (admin) => {
    if (kit === undefined) return await admin.call('grant.create', order);
    const created = await admin.call('grant.create', { ...order, withKit: true });
    try {
      return await sealByKit(context, admin, { grant: created, kit, trustServer });
    } catch (error) {
      // What nobody has sealed is of no use, and in nobody's way.
      await admin.call('grant.revoke', { id: created.id });
      throw error;
    }
  });
  return { value: grant, rows: grantRows(grant) };
}
