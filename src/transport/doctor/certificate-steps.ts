import { randomBytes } from 'node:crypto';
import { type Bytes, HoldfastError, isHoldfastError, secondMs } from '../../base/index.ts';
import { type Certificate, equalNames, formatName, parseCertificate } from '../../pki/index.ts';
import {
  askRevocation,
  type ValidPath,
  validatePath,
  verifyIdentity,
  verifyServer,
  verifyServerName,
} from '../../trust/index.ts';
import { evidenceFetcher } from '../fetch-evidence.ts';
import { peerCertificates } from '../peer.ts';
import { isPublicRoot, outsideRoots } from '../secure-context.ts';
import { shakeHands } from './shake-hands.ts';
import { handshake } from './speaks-step.ts';
import { bad, type Found, failed, good, poor, type Step, type Walk } from './walk.ts';

/** Whether the chain of the server leads to a root that is believed for it; its time is judged when the clocks are compared. */
export const chainStep: Step = {
  name: 'chain',
  async run(walk) {
    const chain = chainOf(walk);
    const [leaf, ...intermediates] = readable(chain);
    if (leaf === undefined)
      return [
        bad('certificate_unknown_authority', `${walk.host} shows nothing that can be read as a certificate`),
      ];
    walk.leaf = leaf;
    const judged = judge(walk, chain);
    if (!isHoldfastError(judged)) {
      walk.path = judged;
      return [good(describePath(judged))];
    }
    if (judged.code !== 'certificate_unknown_authority') return [failed(judged)];
    if (walk.own.bundle === undefined && leaf.identity !== undefined)
      return [
        good(
          `shows itself as a server of the network ${leaf.identity.network}, which this machine cannot judge`,
        ),
      ];
    return [await whoElse(walk, leaf, intermediates)];
  },
};

function chainOf({ shaken }: Walk): readonly Bytes[] {
  return (shaken && peerCertificates(shaken.socket)) ?? [];
}

function readable(chain: readonly Bytes[]): Certificate[] {
  return chain.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (isHoldfastError(error)) return [];
      throw error;
    }
  });
}

function describePath(path: ValidPath): string {
  return path.map(({ subject }) => formatName(subject)).join(' < ');
}

/** Judges a chain at a moment. */
type Judging = (at: Date) => ValidPath;

/** The path, whatever its time; what is wrong with that is kept for later. The name is looked at where the network does not vouch. */
function judge(walk: Walk, chain: readonly Bytes[]): ValidPath | HoldfastError {
  const { own, host, port } = walk;
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined)
    return new HoldfastError('certificate_unknown_authority', `${host} shows no certificate`);
  const { bundle = { network: '', anchors: [] } } = own;
  const anchors = networkRoots(walk);
  const ours: Judging = (at) =>
    validatePath({
      leaf,
      intermediates,
      anchors,
      at,
      purpose: 'serverAuth',
      rules: 'chosen',
      rootLists: bundle.rootLists ?? [],
    });
  const outside: Judging = (at) =>
    verifyServer({
      chain,
      bundle,
      roles: ['server'],
      host,
      port,
      at,
      outsideRoots: outsideRoots(),
      isPublicRoot,
    });
  const found = whenever(walk, chain, ours);
  return isHoldfastError(found, 'certificate_unknown_authority') ? whenever(walk, chain, outside) : found;
}

/** Of a path that is out of its time, how it stands within it. */
function whenever(walk: Walk, chain: readonly Bytes[], judging: Judging): ValidPath | HoldfastError {
  const now = caught(() => judging(new Date(walk.clock.now())));
  if (!isHoldfastError(now, 'certificate_expired', 'certificate_not_yet_valid')) return now;
  const parts = readable(chain);
  const begin = Math.max(...parts.map(({ notBefore }) => notBefore.getTime()));
  const end = Math.min(...parts.map(({ notAfter }) => notAfter.getTime()));
  const at = new Date(now.code === 'certificate_expired' ? end - secondMs : begin + secondMs);
  const then = caught(() => judging(at));
  if (isHoldfastError(then)) return now;
  walk.untimely = now;
  return then;
}

function caught<T>(work: () => T): T | HoldfastError {
  try {
    return work();
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

function networkRoots({ own: { bundle } }: Walk): Bytes[] {
  return (bundle?.anchors ?? [])
    .filter(({ speaksFor }) => speaksFor.kind === 'network' && speaksFor.network === bundle?.network)
    .map(({ certificate }) => certificate);
}

/** Nobody who is believed here vouches for the server: is the chain short of a piece, or who is it? */
async function whoElse(walk: Walk, leaf: Certificate, sent: readonly Certificate[]): Promise<Found> {
  const last = topOf(leaf, sent);
  const missing = await missingPiece(walk, last);
  if (missing !== undefined)
    return bad(
      'certificate_chain_incomplete',
      `${walk.host} does not send the certificate of ${missing}, which leads from its own to a root that is believed here`,
    );
  const root = formatName(last.issuer);
  if (await isMintedForAnyName(walk))
    return bad(
      'connection_intercepted',
      `${walk.host}: somebody in between makes certificates for whatever name is called, by the root ${root}, and reads along`,
    );
  const itself = equalNames(leaf.subject, leaf.issuer) ? 'vouches for itself' : `comes from ${root}`;
  return bad(
    'certificate_unknown_authority',
    `${walk.host} shows the certificate ${formatName(leaf.subject)}, which ${itself}, and whom nobody trusts here`,
  );
}

/** The last certificate of the chain as it was sent. */
function topOf(leaf: Certificate, others: readonly Certificate[]): Certificate {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1) as Certificate;
    const issuer = others.find((each) => equalNames(each.subject, last.issuer) && !chain.includes(each));
    if (issuer === undefined) return last;
    chain.push(issuer);
  }
}

const fetchMs = 1.5 * secondMs;
const maxIssuerBytes = 64 * 1024;

/** The name of the issuer that is not sent, when its certificate makes the chain good: this machine has it, or is told where it is. */
async function missingPiece(walk: Walk, last: Certificate): Promise<string | undefined> {
  const chain = chainOf(walk);
  const [leaf, ...sent] = chain;
  if (leaf === undefined) return undefined;
  const fetch = evidenceFetcher(AbortSignal.any([walk.signal, AbortSignal.timeout(fetchMs)]));
  const fetched = await Promise.all(
    last.extensions.issuerUrls
      .filter((url) => url.startsWith('http://'))
      .slice(0, 2)
      .map((url) => fetch({ url, maxBytes: maxIssuerBytes }).catch(() => undefined)),
  );
  walk.signal.throwIfAborted();
  const known = [
    ...(walk.own.credentials?.chain.slice(1) ?? []),
    ...fetched.filter((each) => each !== undefined),
  ];
  if (known.length === 0) return undefined;
  const judged = judge(walk, [leaf, ...sent, ...known]);
  return isHoldfastError(judged) ? undefined : formatName(last.issuer);
}

/** Whether a name that nobody has gets a certificate made for it. */
async function isMintedForAnyName(walk: Walk): Promise<boolean> {
  const host = `holdfast-doctor-${randomBytes(6).toString('hex')}.example`;
  const shaken = await shakeHands({ ...handshake(walk), host, credentials: undefined });
  if (shaken.kind === 'failed') return false;
  const [leaf] = readable(peerCertificates(shaken.socket) ?? []);
  shaken.socket.destroy();
  return leaf !== undefined && !isHoldfastError(caught(() => verifyServerName(leaf, host)));
}

/** Whether the certificate is for the name that was called. */
export const serverNameStep: Step = {
  name: 'server name',
  run(walk) {
    const { leaf, host } = walk;
    if (leaf === undefined) return Promise.resolve([]);
    if (walk.path !== undefined && !isOfNetwork(walk)) return Promise.resolve([good(`believed for ${host}`)]);
    const wrong = caught(() => verifyServerName(leaf, host));
    return Promise.resolve([isHoldfastError(wrong) ? failed(wrong) : good(`the certificate is for ${host}`)]);
  },
};

/** Whether a server of the network is there, where the network vouches for it. */
export const roleStep: Step = {
  name: 'role',
  run(walk) {
    const { path, own } = walk;
    if (path === undefined || own.bundle === undefined) return Promise.resolve([]);
    if (!isOfNetwork(walk))
      return Promise.resolve([
        good(`believed for this name alone, and no node of the network ${own.bundle.network}`),
      ]);
    const { bundle } = own;
    const chain = path.map(({ der }) => der);
    const at = withinTime(path);
    const found = caught(() =>
      verifyIdentity({ chain, bundle, roles: ['server'], purpose: 'serverAuth', at }),
    );
    if (isHoldfastError(found)) return Promise.resolve([failed(found)]);
    walk.server = found.identity;
    return Promise.resolve([good(`server ${found.identity.name} of the network ${found.identity.network}`)]);
  },
};

/** Whether the path leads to a root of this machine's network. */
function isOfNetwork({ path, own: { bundle } }: Walk): boolean {
  const root = path?.at(-1)?.fingerprint;
  return (bundle?.anchors ?? []).some(
    ({ fingerprint, speaksFor }) => speaksFor.kind === 'network' && fingerprint === root,
  );
}

function withinTime(path: ValidPath): Date {
  return new Date(Math.max(...path.map(({ notBefore }) => notBefore.getTime())) + secondMs);
}

/** Whether one of the certificates of the server is revoked, by what they say where that can be asked. */
export const revocationStep: Step = {
  name: 'revocation',
  async run({ path, own, clock, signal }) {
    if (path === undefined) return [];
    const isAsked = path
      .slice(0, -1)
      .some(({ extensions }) => extensions.crlUrls.length + extensions.ocspUrls.length > 0);
    if (!isAsked) return [good('the certificates name no place where it could be asked')];
    const lists = (own.bundle?.rootLists ?? []).map(({ crl }) => crl);
    const known = { crls: lists, certificates: [], answers: [] };
    const fetch = evidenceFetcher(AbortSignal.any([signal, AbortSignal.timeout(fetchMs)]));
    const found = await askRevocation(path, known, { now: () => new Date(clock.now()) }, fetch);
    const revoked = found.find((each) => each.kind === 'revoked');
    if (revoked !== undefined)
      return [
        bad(
          'certificate_revoked',
          revoked.error.message,
          'the server needs another certificate: holdfast cert renew there',
        ),
      ];
    const unknown = found.find((each) => each.kind === 'unknown');
    if (unknown === undefined) return [good('none of the certificates is revoked')];
    const [why] = unknown.problems;
    return [
      poor(
        'revocation_unknown',
        `nobody says whether a certificate is revoked${why === undefined ? '' : `: ${why.message}`}`,
      ),
    ];
  },
};
