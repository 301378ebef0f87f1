import type { OperationAnswer } from '../../admin/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { withAdmin } from '../home/administering.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, askYes, type Row, row, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert revoke SERIAL|NODE` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--serial', '--node'));
    command
      .description(
        'end one certificate; or a node: its certificates, their renewal and the join codes of its name, its connections are cut at once; or an issuing certificate with all that it issued: another one with a new key takes its place, which needs the key of the root, and nodes renew by themselves',
      )
      .argument(
        '<serial-or-node>',
        'a serial number or its beginning, a node: laptop, client/laptop, or issuing-1',
      )
      .option('--reason <reason>', 'why, in a word of RFC 5280, e.g. keyCompromise (default: unspecified)')
      .option('--serial', 'the text is a serial number, where it could be both')
      .option('--node', 'the text is a node')
      .option('--yes', 'do not ask')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast cert revoke 4f1c2a9b --reason superseded\n  holdfast cert revoke client/laptop --reason keyCompromise --yes\n  holdfast cert revoke issuing-1 --reason cACompromise\n',
      );
  },
  run: revokeCertificate,
};

/** What `cert revoke` takes. */
export interface RevokeOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  /** What the text is, where it could be both. */
  readonly serial?: boolean;
  readonly node?: boolean;
}

/** `holdfast cert revoke`: one certificate, a whole node, or an issuing certificate with all below it, once somebody has said yes. */
async function revokeCertificate(
  context: Context,
  text: string,
  { reason, yes = false, serial = false, node = false }: RevokeOptions,
): Promise<Answer> {
  return await withAdmin(context, async (admin) => {
    const as = serial ? 'serial' : node ? 'node' : undefined;
    const { kind, what, description } = await admin.call('cert.revocable', { what: text, as });
    if (!yes) await confirm(context, description);
    if (kind === 'issuer') {
      const issuer = await admin.call('ca.revoke-issuer', { label: what, reason });
      return { value: issuer, rows: issuerRows(issuer) };
    }
    const found = kind === 'identity' ? 'node' : 'serial';
    const revoked = await admin.call('cert.revoke', { what, as: found, reason });
    return { value: revoked, rows: revokedRows(revoked) };
  });
}

function* revokedRows(revoked: OperationAnswer<'cert.revoke'>): Iterable<Row> {
  yield row('revoked', revoked.identity, plural(revoked.serials.length, 'certificate'), revoked.reason);
  for (const serial of revoked.serials) yield row('serial', serial);
  if (revoked.joinCodes > 0) yield row('ended', plural(revoked.joinCodes, 'join code'));
  const { bearerTokens = 0 } = revoked;
  if (bearerTokens > 0) yield row('ended', plural(bearerTokens, 'bearer token'));
  yield* mirrorRows(revoked.mirrors);
}

function* issuerRows(revoked: OperationAnswer<'ca.revoke-issuer'>): Iterable<Row> {
  const { label, serial, reason, replacedBy, toRenew } = revoked;
  yield row('revoked', label, 'with all that it issued', reason);
  yield row('serial', serial);
  yield row('issuing', `${replacedBy} from now on`);
  if (toRenew > 0)
    yield row(
      'renewing',
      plural(toRenew, 'node'),
      'each gets another certificate when it comes the next time',
    );
  yield* mirrorRows(revoked.mirrors);
}

function* mirrorRows(mirrors: OperationAnswer<'cert.revoke'>['mirrors']): Iterable<Row> {
  for (const { name, reached, problem } of mirrors) {
    if (reached) yield row('mirrored', name);
    else yield warning(`${name} does not have this revocation yet: ${problem ?? 'it takes longer'}`);
  }
}

async function confirm(context: Context, description: string): Promise<void> {
  const answer = await askYes(context, `Revoke ${description}? This cannot be undone.`);
  if (answer === true) return;
  if (answer === false) throw new HoldfastError('interrupted', 'nothing was revoked');
  throw new HoldfastError('usage', `revoking ${description} cannot be undone, so it has to be confirmed`, {
    hint: 'say --yes where there is no terminal to ask on',
  });
}
