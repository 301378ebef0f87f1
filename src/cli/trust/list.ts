import { formatName, parseCertificate } from '../../pki/index.ts';
import { sharedKeys, standsAlone, type TrustAnchor } from '../../trust/index.ts';
import type { AnswerOf } from '../answers.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { shortFingerprint } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { believedHere } from './local-trust.ts';

/** `holdfast trust list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the roots that this machine believes, for whom, and who said so')
      .addHelpText('after', '\nExamples:\n  holdfast trust list\n  holdfast trust list --json\n');
  },
  run: listTrust,
};

/** `holdfast trust list` */
export async function listTrust(context: Context): Promise<Answer> {
  const { local, said } = await believedHere(context);
  for (const sentence of sharedKeys(local)) context.output.warn(sentence);
  return anchorsAnswer([
    ...said.map((anchor) => viewOf(anchor, 'the network')),
    ...local.map((anchor) => viewOf(anchor, 'this machine')),
  ]);
}

/** A root, and for whom it is believed. */
export type AnchorView = AnswerOf<'trust list'>[number];

/** `anchor`, which `from` said. */
export function viewOf(anchor: TrustAnchor, from: AnchorView['from']): AnchorView {
  const { certificate, fingerprint } = anchor;
  return {
    subject: formatName(parseCertificate(certificate).subject),
    fingerprint,
    speaksFor: whomFor(anchor),
    kind: standsAlone(anchor) ? 'certificate' : 'root',
    from,
  };
}

function whomFor({ speaksFor }: TrustAnchor): string {
  if (speaksFor.kind === 'network') return `network ${speaksFor.network}`;
  return speaksFor.kind === 'address' ? speaksFor.address : speaksFor.names.join(', ');
}

/** Roots that this machine believes, as a command shows them. */
export function anchorsAnswer(views: readonly AnchorView[]): Answer {
  const columns = [
    { heading: 'Believed for', shrink: true },
    { heading: 'Certificate', shrink: true },
    { heading: 'As' },
    { heading: 'Fingerprint' },
    { heading: 'Said by' },
  ];
  const cells = views.map(({ speaksFor, subject, kind, fingerprint, from }) => [
    speaksFor,
    subject,
    kind === 'root' ? 'root' : 'itself',
    shortFingerprint(fingerprint),
    from,
  ]);
  return { value: views, rows: [table(columns, cells, 'no root is believed here')] };
}
