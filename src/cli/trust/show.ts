import { HoldfastError } from '../../base/index.ts';
import { formatGeneralName, formatName, parseCertificate, parseFingerprint } from '../../pki/index.ts';
import type { TrustAnchor } from '../../trust/index.ts';
import type { AnswerOf } from '../answers.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { viewOf } from './list.ts';
import { believedHere } from './local-trust.ts';

/** `holdfast trust show NAME|FINGERPRINT` */
export const word: Word = {
  define: (command) => {
    command
      .description('show what this machine believes for a server name, or by the beginning of a fingerprint')
      .argument('<name-or-fingerprint>', 'a host name or address, host:port, a network, or SHA256:4f:1c:…')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast trust show vault.example\n  holdfast trust show SHA256:4f:1c --json\n',
      );
  },
  run: showTrust,
};

/** A root or certificate, all of it that a person compares. */
type FullView = AnswerOf<'trust show'>[number];

/** `holdfast trust show` */
async function showTrust(context: Context, what: string): Promise<Answer> {
  const { local, said } = await believedHere(context);
  const all = [
    ...said.map((anchor) => ({ anchor, from: 'the network' as const })),
    ...local.map((anchor) => ({ anchor, from: 'this machine' as const })),
  ];
  const views = all
    .filter(({ anchor }) => isMeant(anchor, what))
    .map(({ anchor, from }) => fullView(anchor, from));
  if (views.length === 0)
    throw new HoldfastError('object_not_found', `nothing is believed here for ${what}`, {
      hint: 'holdfast trust list shows what is',
    });
  return { value: views, rows: views.flatMap((view) => [...rowsOf(context, view)]) };
}

function isMeant({ fingerprint, speaksFor }: TrustAnchor, what: string): boolean {
  const name = what.toLowerCase();
  if (parseFingerprint(what) === fingerprint || isBeginning(what, fingerprint)) return true;
  if (speaksFor.kind === 'network') return speaksFor.network === name;
  if (speaksFor.kind === 'server') return speaksFor.names.includes(name);
  return speaksFor.address === name || speaksFor.address.startsWith(`${name}:`);
}

function isBeginning(what: string, fingerprint: string): boolean {
  return /^SHA256:[0-9a-f]{2}/i.test(what) && fingerprint.toLowerCase().startsWith(what.toLowerCase());
}

function fullView(anchor: TrustAnchor, from: FullView['from']): FullView {
  const { issuer, serial, notBefore, notAfter, extensions } = parseCertificate(anchor.certificate);
  return {
    ...viewOf(anchor, from),
    issuer: formatName(issuer),
    serial,
    names: extensions.subjectAltNames.map(formatGeneralName),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    accepted: anchor.speaksFor.kind === 'address' ? anchor.speaksFor.accepted : undefined,
  };
}

function* rowsOf({ clock }: Context, view: FullView): Iterable<Row> {
  yield row('believed for', view.speaksFor, `as ${view.kind === 'root' ? 'root' : 'itself'}`);
  yield row('said by', view.from, ...(view.accepted === undefined ? [] : [`accepted ${view.accepted}`]));
  yield row('subject', view.subject);
  if (view.names.length > 0) yield row('names', view.names.join(', '));
  yield row('issuer', view.issuer);
  yield row('serial', view.serial);
  yield row('fingerprint', view.fingerprint);
  const left = formatRemaining(new Date(view.notAfter).getTime() - clock.now());
  yield row('valid', `${view.notBefore} to ${view.notAfter}`, left);
}
