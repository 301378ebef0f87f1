import { HoldfastError } from '../../base/index.ts';
import { sharedKeys, type TrustAnchor, trustAnchor } from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { withHome } from '../home/home.ts';
import { ListOption, RepeatableOption } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { anchorsAnswer, viewOf } from './list.ts';
import { changeTrust, serverNames } from './local-trust.ts';

/** `holdfast trust add --server NAME --file FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'believe roots from elsewhere for certain server names, on this machine; kept across renewals, and before it has joined a network too',
      )
      .addOption(
        new ListOption(
          '--server <names>',
          'host names or addresses that servers are called by',
        ).makeOptionMandatory(),
      )
      .addOption(
        new RepeatableOption(
          '--file <file>',
          'roots, or the certificate of a server that signed itself: PEM, DER or PKCS#7',
        ).makeOptionMandatory(),
      )
      .addHelpText('after', examples);
  },
  run: addTrust,
};

const examples = `
A root speaks for these names and no others. A certificate that is no authority speaks for itself alone: a server
of these names is believed when it shows exactly that one.

Examples:
  holdfast trust add --server vault.example --file outside-root.pem
  holdfast trust add --server vault.example,192.0.2.7 --file old-root.pem --file new-root.pem
`;

/** What `trust add` takes. */
export interface TrustAddOptions {
  readonly server: readonly string[];
  readonly file: readonly string[];
}

/** `holdfast trust add`: what is in the files is believed for the servers of these names. */
export async function addTrust(context: Context, { server, file }: TrustAddOptions): Promise<Answer> {
  const names = serverNames(server);
  const read = file.map((each) => readCertificates(localPath(context.workingDirectory, each)));
  const anchors = (await Promise.all(read)).flat().map((der) => trustAnchor(der, { kind: 'server', names }));
  let shared: readonly string[] = [];
  await withHome(context.home, (home) =>
    changeTrust(context, home, (present) => {
      shared = sharedKeys([...present, ...anchors]);
      return merged(present, anchors);
    }),
  );
  for (const sentence of shared) context.output.warn(sentence);
  return anchorsAnswer(anchors.map((anchor) => viewOf(anchor, 'this machine')));
}

/** More than anybody trusts by hand; all of them are looked at when a stranger shows a certificate. */
const maxAnchors = 500;

/** Each certificate once, with all names that it was added for. */
function merged(present: readonly TrustAnchor[], added: readonly TrustAnchor[]): readonly TrustAnchor[] {
  const all: TrustAnchor[] = [...present];
  for (const anchor of added) {
    const at = all.findIndex(
      (one) => one.fingerprint === anchor.fingerprint && one.speaksFor.kind === 'server',
    );
    if (at === -1) all.push(anchor);
    else all[at] = { ...anchor, speaksFor: { kind: 'server', names: namesOf(all[at], anchor) } };
  }
  if (all.length <= maxAnchors) return all;
  throw new HoldfastError(
    'input_invalid',
    `${all.length} roots from elsewhere: expected ${maxAnchors} at most`,
    {
      hint: 'holdfast trust list shows them, and holdfast trust remove --server HOST takes some away',
    },
  );
}

function namesOf(...anchors: readonly (TrustAnchor | undefined)[]): string[] {
  const names = anchors.flatMap((anchor) =>
    anchor?.speaksFor.kind === 'server' ? anchor.speaksFor.names : [],
  );
  return [...new Set(names)];
}
