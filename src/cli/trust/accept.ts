import { isOfNetwork } from '../../agent/index.ts';
import { type Bytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  type Fingerprint,
  formatGeneralName,
  formatName,
  parseCertificate,
  parseFingerprint,
} from '../../pki/index.ts';
import { isPublicRoot, outsideRoots, presentedChain } from '../../transport/index.ts';
import {
  boundAnchors,
  checkChosenLeaf,
  serverAddress,
  sharedKeys,
  standsAlone,
  type TrustAnchor,
  trustAnchor,
  verifyServer,
} from '../../trust/index.ts';
import { type Home, withHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, askYes, printRows, type Row, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { anchorsAnswer, viewOf } from './list.ts';
import { type BelievedHere, believedIn, changeTrust, withoutNames } from './local-trust.ts';

/** `holdfast trust accept URL` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'believe the certificate that a server shows now, at that address alone; for one that signed itself. Asks on a terminal',
      )
      .argument('<url>', 'of the server: https://HOST:PORT')
      .option(
        '--fingerprint <sha256>',
        'of the certificate, as whoever runs the server says it: asks nothing',
      )
      .addHelpText('after', examples);
  },
  run: acceptCertificate,
};

const examples = `
Whoever is in between at this moment is believed from then on: compare the fingerprint by another way. A
later change is an alarm, and replaces nothing.

Examples:
  holdfast trust accept https://old-server.example:8443
  holdfast trust accept https://old-server.example:8443 --fingerprint SHA256:4f:1c:…
`;

interface Target {
  readonly host: string;
  readonly port: number;
}

/** `holdfast trust accept` */
async function acceptCertificate(
  context: Context,
  url: string,
  { fingerprint }: { readonly fingerprint?: string },
): Promise<Answer> {
  const wanted = fingerprint === undefined ? undefined : saidFingerprint(fingerprint);
  const target = targetOf(url);
  return await withHome(context.home, async (home) => {
    const believed = await believedIn(home);
    const { signal } = context;
    const policy = believed.node?.clientPolicy;
    const chain = await presentedChain(target, { signal, policy });
    const leaf = chain[0] as Bytes;
    const alarm = whyNotBelieved(context, { believed, target, chain });
    if (alarm === undefined) return needsNone(parseCertificate(leaf), target);
    const shown = checkChosenLeaf(leaf, new Date(context.clock.now()));
    await confirm(context, { shown, target, alarm, wanted });
    return await keep(context, home, { target, leaf });
  });
}

function saidFingerprint(text: string): Fingerprint {
  const wanted = parseFingerprint(text);
  if (wanted !== undefined) return wanted;
  throw new HoldfastError(
    'usage',
    `--fingerprint ${text}: expected the SHA-256 of a certificate, 64 digits`,
    {
      hint: 'at the server: openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE',
    },
  );
}

function targetOf(text: string): Target {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url?.protocol === 'https:' && url.hostname !== '') {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { host, port: url.port === '' ? 443 : Number(url.port) };
  }
  throw new HoldfastError('usage', `expected the address of a server, https://HOST:PORT, not ${text}`);
}

/**
 * Why the server is not believed, where its certificate can be accepted: nobody knows it, or it was another one before;
 * undefined when it is believed. A server of the network proves itself by the network's root, or is none.
 */
function whyNotBelieved(
  context: Context,
  { believed, target, chain }: { believed: BelievedHere; target: Target; chain: readonly Bytes[] },
): HoldfastError | undefined {
  const { local, said, node } = believed;
  const isOurs = node !== undefined && isOfNetwork(node, target.host);
  const bundle = { network: node?.identity.network ?? '', anchors: [...said, ...local] };
  const at = new Date(context.clock.now());
  const outside = isOurs ? undefined : outsideRoots();
  try {
    verifyServer({
      ...target,
      chain,
      bundle,
      roles: ['server', 'storage'],
      at,
      outsideRoots: outside,
      isPublicRoot,
    });
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, 'certificate_unknown_authority', 'certificate_changed')) throw error;
    if (!isOurs) return error;
    throw new HoldfastError(
      error.code,
      `${target.host} is called by servers of this network: ${error.message}`,
      {
        hint: 'find out who answers there; where it shows a certificate from elsewhere on purpose: holdfast trust add --server NAME --file ROOT',
        cause: error,
      },
    );
  }
}

function needsNone(shown: Certificate, { host, port }: Target): Answer {
  const address = serverAddress(host, port);
  return {
    value: { address, fingerprint: shown.fingerprint, accepted: false },
    rows: [row('believed', address, 'already: nothing had to be accepted')],
  };
}

interface Question {
  readonly shown: Certificate;
  readonly target: Target;
  /** Why it is not believed. */
  readonly alarm: HoldfastError;
  /** What it has to be, as somebody said it. */
  readonly wanted: Fingerprint | undefined;
}

/** @throws HoldfastError `fingerprint_mismatch`, `interrupted`, `usage` where nobody can be asked */
async function confirm(context: Context, { shown, target, alarm, wanted }: Question): Promise<void> {
  const address = serverAddress(target.host, target.port);
  if (wanted !== undefined) {
    if (shown.fingerprint === wanted) return;
    throw new HoldfastError(
      'fingerprint_mismatch',
      `${address} shows the certificate ${shown.fingerprint}, expected ${wanted}; nothing was accepted`,
    );
  }
  const isChanged = alarm.code === 'certificate_changed';
  if (isChanged) context.output.warn(alarm.message);
  if (!context.output.json) printRows(context.output, shownRows(shown));
  const question = isChanged
    ? `Believe the new certificate of ${address}?`
    : `Believe this certificate of ${address}?`;
  const answer = await askYes(context, `${question} Compare the fingerprint with what whoever runs it says.`);
  if (answer === true) return;
  if (answer === false) throw new HoldfastError('interrupted', 'nothing was accepted');
  throw new HoldfastError('usage', `${address} shows ${shown.fingerprint}, and nobody can be asked`, {
    hint: 'compare it with what whoever runs the server says, by another way; then add --fingerprint with that',
  });
}

function* shownRows({
  subject,
  issuer,
  extensions,
  notBefore,
  notAfter,
  fingerprint,
}: Certificate): Iterable<Row> {
  yield row('subject', formatName(subject));
  yield row('names', extensions.subjectAltNames.map(formatGeneralName).join(', ') || 'none');
  yield row('issuer', formatName(issuer), formatName(issuer) === formatName(subject) ? 'itself' : '');
  yield row('valid', `${notBefore.toISOString()} to ${notAfter.toISOString()}`);
  yield row('fingerprint', fingerprint);
}

/** What was chosen for that address before goes; roots that speak for its host stay. */
async function keep(
  context: Context,
  home: Home,
  { target, leaf }: { readonly target: Target; readonly leaf: Bytes },
): Promise<Answer> {
  const address = serverAddress(target.host, target.port);
  const accepted = new Date(context.clock.now()).toISOString();
  const anchor = trustAnchor(leaf, { kind: 'address', address, accepted });
  let shared: readonly string[] = [];
  await changeTrust(context, home, (present) => {
    const believed = [...withoutChosen(present, target), anchor];
    shared = sharedKeys(believed);
    return believed;
  });
  for (const sentence of shared) context.output.warn(sentence);
  return anchorsAnswer([viewOf(anchor, 'this machine')]);
}

function withoutChosen(present: readonly TrustAnchor[], { host, port }: Target): readonly TrustAnchor[] {
  const chosen = new Set(boundAnchors({ anchors: present }, host, port).filter(standsAlone));
  const others = present.filter((anchor) => !(chosen.has(anchor) && anchor.speaksFor.kind === 'address'));
  return withoutNames(others, [host], (anchor) => chosen.has(anchor));
}
