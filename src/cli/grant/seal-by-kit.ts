import { join } from 'node:path';
import type { AdminClient, OperationAnswer } from '../../admin/index.ts';
import { checkKit, copyPath, openLeft, sealedGrant, verifyRecipient } from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import type { RecoveryKit, SealedPassword } from '../../enrol/index.ts';
import { type Certificate, parseCertificate } from '../../pki/index.ts';
import type { Repository } from '../../repository/index.ts';
import { LocalStore } from '../../storage/index.ts';
import { singleRootBundle } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import { readSettings, storeDirectory } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { askYes } from '../terminal/answer.ts';
import type { GrantView } from './grant-rows.ts';

/** What is sealed, and by what. */
interface KitSealing {
  readonly grant: GrantView;
  readonly kit: RecoveryKit;
  /** Take what is not known to be of the machine that it is from. */
  readonly trustServer: boolean;
}

/**
 * Seals a grant by the recovery kit, where the store of the server is: opens what the lost machine left, and trusts the root that stands on
 * the kit. @throws HoldfastError `usage` elsewhere, `recovery_kit_foreign`, as `openLeft`, `verifyRecipient` and `copyPath`
 */
export async function sealByKit(
  context: Context,
  admin: AdminClient,
  { grant, kit, trustServer }: KitSealing,
): Promise<GrantView> {
  const store = await storeHere(context);
  const { chain, left, recoveryRecipient } = await materialOf(admin, grant.id);
  checkKit(kit, { network: kit.network, recipient: recoveryRecipient });
  const recipient = recipientBy(kit, chain, { to: grant.to, at: new Date(context.clock.now()) });
  const opened = await openOf(context, left, { store, grant, kit, trustServer });
  const repository = await repositoryOf(context, opened, { store, grant });
  const { id, created, from, to } = grant;
  const sealed = sealedGrant({ id, created, from, to, network: kit.network }, repository, recipient);
  return await admin.call('grant.seal', { id, created, certificate: recipient.serial, sealed });
}

/** The directory in which the server of this home keeps repositories. */
async function storeHere(context: Context): Promise<string> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  if (settings !== undefined && (await hasAuthority(home.path))) return storeDirectory(home, settings);
  throw new HoldfastError(
    'usage',
    'a grant is sealed by the kit where the repositories are: in the home of the server',
    {
      hint: 'bring the kit to the machine of the server for as long as that takes, and run it there',
    },
  );
}

type Material = OperationAnswer<'grant.material'>;

/** All pages of it, what was left first before the rest. */
async function materialOf(
  admin: AdminClient,
  id: number,
): Promise<
  Pick<Material, 'recoveryRecipient'> & {
    readonly chain: readonly Bytes[];
    readonly left: readonly SealedPassword[];
  }
> {
  const left: SealedPassword[] = [];
  for (let before: number | undefined; ; ) {
    const page = await admin.call('grant.material', { id, before });
    for (const { repository, sealed } of page.left) left.push({ repository, sealed: bytesOf(sealed) });
    before = page.left.at(-1)?.id;
    if (!page.more || before === undefined)
      return {
        recoveryRecipient: page.recoveryRecipient,
        chain: page.chain.map(bytesOf),
        left: left.reverse(),
      };
  }
}

function bytesOf(base64: string): Bytes {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** Whom the kit itself vouches for. */
function recipientBy(
  kit: RecoveryKit,
  chain: readonly Bytes[],
  who: { readonly to: string; readonly at: Date },
): Certificate {
  const root = chain.find((der) => parseCertificate(der).fingerprint === kit.root);
  if (root === undefined)
    throw new HoldfastError(
      'certificate_unknown_authority',
      `the server does not have the root ${kit.root} of the kit`,
    );
  return verifyRecipient({ chain, bundle: singleRootBundle(kit.network, root), ...who })[0];
}

async function openOf(
  context: Context,
  left: readonly SealedPassword[],
  { store: directory, grant: { from }, kit, trustServer }: KitSealing & { readonly store: string },
): Promise<Repository> {
  const known = kit.escrows
    .filter(({ node }) => node === `client/${from}`)
    .map(({ fingerprint }) => fingerprint);
  const store = new LocalStore(join(directory, from), { within: directory });
  const place = { store, whose: `client ${from}`, server: 'this server' };
  const { repository, proof } = await openLeft(left, place, {
    kit,
    known,
    trustServer,
    signal: context.signal,
  });
  if (proof === 'known' || trustServer) return repository;
  const question = `Nothing proves that ${from} left what opens its repository. Shall it be used?`;
  if ((await askYes(context, question)) !== false) return repository;
  throw new HoldfastError('interrupted', 'nothing was sealed');
}

/** All of it, or a copy of the path. */
async function repositoryOf(
  { signal }: Context,
  opened: Repository,
  { store, grant }: { readonly store: string; readonly grant: GrantView },
): Promise<Repository> {
  const { from, path, repository, snapshots } = grant;
  if (path === undefined || repository === undefined) return opened;
  const copy = new LocalStore(join(store, from, repository), { within: store });
  return await copyPath(opened, copy, { path, snapshots, signal });
}
