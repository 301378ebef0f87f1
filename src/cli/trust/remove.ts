import { HoldfastError } from '../../base/index.ts';
import { parseFingerprint } from '../../pki/index.ts';
import type { TrustAnchor } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import { ListOption } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { believedIn, changeTrust, serverNames, tellExports, withoutNames } from './local-trust.ts';

/** `holdfast trust remove --server NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'believe nothing from elsewhere any more for server names, as far as this machine was told by trust add and trust accept',
      )
      .addOption(new ListOption('--server <names>', 'host names or addresses').makeOptionMandatory())
      .option('--fingerprint <sha256>', 'that certificate alone, of several')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast trust remove --server vault.example\n' +
          '  holdfast trust remove --server vault.example --fingerprint SHA256:4f:1c:…\n',
      );
  },
  run: removeTrust,
};

/** What `trust remove` takes. */
export interface TrustRemoveOptions {
  readonly server: readonly string[];
  readonly fingerprint?: string;
}

/** `holdfast trust remove` */
export async function removeTrust(context: Context, options: TrustRemoveOptions): Promise<Answer> {
  const names = serverNames(options.server);
  const isMeant = meantBy(options);
  const home = await openHome(context.home);
  const { local, node } = await believedIn(home);
  const left = (present: readonly TrustAnchor[]): readonly TrustAnchor[] =>
    withoutNames(present, names, isMeant);
  if (left(local).every((anchor, index) => anchor === local[index]) && left(local).length === local.length) {
    // A call that was cut off may have come no further than what this machine believes.
    await tellExports(context, node);
    throw nothingThere(names, options);
  }
  await changeTrust(context, home, left);
  return { value: { removed: names.join(', ') }, rows: [row('removed', names.join(', '))] };
}

function meantBy({ fingerprint }: TrustRemoveOptions): (anchor: TrustAnchor) => boolean {
  if (fingerprint === undefined) return () => true;
  const wanted = parseFingerprint(fingerprint);
  if (wanted !== undefined) return (anchor) => anchor.fingerprint === wanted;
  throw new HoldfastError('usage', `--fingerprint ${fingerprint}: expected the SHA-256 of a certificate`, {
    hint: 'holdfast trust show NAME says it in full',
  });
}

function nothingThere(names: readonly string[], { fingerprint }: TrustRemoveOptions): HoldfastError {
  const what = fingerprint === undefined ? 'nothing' : `no certificate ${fingerprint}`;
  return new HoldfastError('object_not_found', `${what} was added on this machine for ${names.join(', ')}`, {
    hint: 'holdfast trust list shows them; what the network says is changed at its server: holdfast tls unbind',
  });
}
