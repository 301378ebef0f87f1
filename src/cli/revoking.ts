import { HoldfastError } from '../base/index.ts';
import { withAdmin } from './administering.ts';
import { askYes } from './ask-yes.ts';
import type { Context } from './context.ts';
import { plural } from './format.ts';

/** What `cert revoke` takes. */
export interface RevokeOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `holdfast cert revoke`: one certificate or a whole node, once somebody has said yes. */
export async function revokeCertificate(
  context: Context,
  text: string,
  { reason, yes = false }: RevokeOptions,
): Promise<void> {
  const revoked = await withAdmin(context, async (admin) => {
    const { what, description } = await admin.call('cert.revocable', { what: text });
    if (!yes) await confirm(description);
    return await admin.call('cert.revoke', { what, ...(reason !== undefined && { reason }) });
  });
  const { output } = context;
  if (output.json) return output.value(revoked);
  output.row('revoked', revoked.identity, plural(revoked.serials.length, 'certificate'), revoked.reason);
  for (const serial of revoked.serials) output.row('serial', serial);
  if (revoked.joinCodes > 0) output.row('ended', plural(revoked.joinCodes, 'join code'));
  for (const { name, reached, problem } of revoked.mirrors) {
    if (reached) output.row('mirrored', name);
    else output.warn(`${name} does not have this revocation yet: ${problem ?? 'it takes longer'}`);
  }
}

async function confirm(description: string): Promise<void> {
  const answer = await askYes(`Revoke ${description}? This cannot be undone.`);
  if (answer === true) return;
  if (answer === false) throw new HoldfastError('interrupted', 'nothing was revoked');
  throw new HoldfastError('usage', `revoking ${description} cannot be undone, so it has to be confirmed`, {
    hint: 'say --yes where there is no terminal to ask on',
  });
}
