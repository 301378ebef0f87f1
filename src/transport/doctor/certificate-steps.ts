import { type Bytes, dayMs, HoldfastError, isHoldfastError, secondMs } from '../../base/index.ts';
import { type Certificate, formatName } from '../../pki/index.ts';
import {
  askRevocation,
  type RevocationStatus,
  type ValidPath,
  validatePath,
  verifyIdentity,
  verifyServer,
  verifyServerName,
} from '../../trust/index.ts';
import { peerCertificates } from '../peer.ts';
import { isPublicRoot, outsideRoots } from '../secure-context.ts';
import { evidenceFetcher, evidenceOf } from '../server-revocation.ts';
import {
  caught,
  interception,
  judgeInTime,
  type LookedAt,
  missingIssuer,
  nobodyBelieved,
  readableCertificates,
  topOf,
} from '../why-refused.ts';
import { handshake } from './speaks-step.ts';
import { bad, type Found, failed, good, poor, type Step, type Walk, weaker } from './walk.ts';

/** Whether the chain of the server leads to a root that is believed for it; its time is judged when the clocks are compared. */
export const chainStep: Step = {
  name: 'chain',
  isProof: true,
  async run(walk) {
    const seen = lookedAt(walk);
    const [leaf] = readableCertificates(seen.chain);
    if (leaf === undefined)
      return [
        bad('certificate_unknown_authority', `${walk.host} shows nothing that can be read as a certificate`),
      ];
    walk.leaf = leaf;
    const judged = judgeInTime(seen);
    if (!isHoldfastError(judged)) {
      const { path, untimely } = judged;
      walk.path = path;
      if (untimely !== undefined) walk.untimely = untimely;
      return [good(`${describePath(path)}; ${daysLeft(path, walk.clock.now())}`)];
    }
    if (judged.code !== 'certificate_unknown_authority') return [failed(judged)];
    if (!hasNetwork(walk) && leaf.identity !== undefined)
      return [
        good(
          `shows itself as a server of the network ${leaf.identity.network}, which this machine cannot judge`,
        ),
      ];
    return [await whoElse(walk, leaf)];
  },
};

/** Whether this machine has a network whose servers it could know. */
function hasNetwork({ own: { bundle } }: Walk): boolean {
  return bundle !== undefined && bundle.network !== '';
}

function chainOf({ shaken }: Walk): readonly Bytes[] {
  return (shaken && peerCertificates(shaken.socket)) ?? [];
}

function describePath(path: ValidPath): string {
  return path.map(({ subject }) => formatName(subject)).join(' < ');
}

function daysLeft([leaf]: ValidPath, nowMs: number): string {
  const days = Math.floor((leaf.notAfter.getTime() - nowMs) / dayMs);
  return days < 0 ? 'ended' : `${days} days left`;
}

/** What the server shows, judged by this machine's trust; the name is looked at where the network does not vouch. */
function lookedAt(walk: Walk): LookedAt {
  const { own, host, port, clock } = walk;
  const { bundle = { network: '', anchors: [] } } = own;
  const anchors = networkRoots(walk);
  const { rootLists = [] } = bundle;
  const judge: LookedAt['judge'] = (chain, at) => {
    const [leaf, ...intermediates] = chain;
    if (leaf === undefined)
      throw new HoldfastError('certificate_unknown_authority', `${host} shows no certificate`);
    try {
      const purpose = 'serverAuth';
      return validatePath({ leaf, intermediates, anchors, at, purpose, rules: 'chosen', rootLists });
    } catch (error) {
      if (!isHoldfastError(error, 'certificate_unknown_authority')) throw error;
      const outside = { outsideRoots: outsideRoots(), isPublicRoot };
      return verifyServer({ chain, bundle, roles: ['server'], host, port, at, ...outside });
    }
  };
  return { chain: chainOf(walk), judge, handshake: handshake(walk), clock };
}

function networkRoots({ own: { bundle } }: Walk): Bytes[] {
  return (bundle?.anchors ?? [])
    .filter(({ speaksFor }) => speaksFor.kind === 'network' && speaksFor.network === bundle?.network)
    .map(({ certificate }) => certificate);
}

/** Nobody who is believed here vouches for the server: is the chain short of a piece, or who is it? */
async function whoElse(walk: Walk, leaf: Certificate): Promise<Found> {
  const seen = lookedAt(walk);
  const top = topOf(seen.chain) ?? leaf;
  return failed(
    missingIssuer(seen, await issuersOf(walk, top)) ?? (await interception(seen)) ?? nobodyBelieved(seen),
  );
}

const fetchMs = 1.5 * secondMs;
const maxIssuerBytes = 64 * 1024;

/** Certificates of issuers: those that this machine has itself, and that which the last one of the chain says is at an address. */
async function issuersOf(walk: Walk, top: Certificate): Promise<readonly Bytes[]> {
  const fetch = evidenceFetcher(AbortSignal.any([walk.signal, AbortSignal.timeout(fetchMs)]));
  const fetched = await Promise.all(
    top.extensions.issuerUrls
      .filter((url) => url.startsWith('http://'))
      .slice(0, 2)
      .map((url) => fetch({ url, maxBytes: maxIssuerBytes }).catch(() => undefined)),
  );
  walk.signal.throwIfAborted();
  return [...(walk.own.credentials?.chain.slice(1) ?? []), ...fetched.filter((each) => each !== undefined)];
}

/** Whether the certificate is for the name that was called. */
export const serverNameStep: Step = {
  name: 'server name',
  isProof: true,
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
  isProof: true,
  run(walk) {
    const { path, own } = walk;
    if (path === undefined || own.bundle === undefined || !hasNetwork(walk)) return Promise.resolve([]);
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

/** Whether one of the certificates of the server is revoked, by what they say where that can be asked, as the policy has it. */
export const revocationStep: Step = {
  name: 'revocation',
  isProof: true,
  async run(walk) {
    const { path, policy } = walk;
    if (path === undefined) return [];
    if (policy.revocation === 'off')
      return [weaker('nobody is asked, since revocation is off here', 'holdfast client set revocation soft')];
    const isAsked = path
      .slice(0, -1)
      .some(({ extensions }) => extensions.crlUrls.length + extensions.ocspUrls.length > 0);
    if (!isAsked && policy.revocation === 'soft')
      return [good('the certificates name no place where it could be asked')];
    const found = await revocationOf(walk, path);
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
    return [
      unknown === undefined ? good('none of the certificates is revoked') : notKnown(walk, unknown.problems),
    ];
  },
};

/** What is known without asking anybody, the answer in the handshake first, and then what is at the addresses. */
async function revocationOf(
  { own: { bundle }, shaken, clock, signal }: Walk,
  path: ValidPath,
): Promise<readonly RevocationStatus[]> {
  const known = evidenceOf({ path, staple: shaken?.staple, rootLists: bundle?.rootLists ?? [] });
  const late = AbortSignal.timeout(fetchMs);
  try {
    const fetch = evidenceFetcher(AbortSignal.any([signal, late]));
    return await askRevocation(path, known, { now: () => new Date(clock.now()) }, fetch);
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    const urls = path.flatMap(({ extensions }) => [...extensions.crlUrls, ...extensions.ocspUrls]);
    const why = `${urls.join(', ')}: no answer within ${fetchMs / secondMs} s`;
    return [{ kind: 'unknown', problems: [new HoldfastError('revocation_unknown', why)] }];
  }
}

function notKnown({ policy }: Walk, problems: readonly HoldfastError[]): Found {
  const why = [...new Set(problems.map(({ message }) => message))].join('; ');
  const found = `nobody says whether a certificate is revoked${why === '' ? '' : `: ${why}`}`;
  if (policy.revocation === 'soft') return poor('revocation_unknown', found);
  const next = 'try again when these addresses answer; or go on without: holdfast client set revocation soft';
  return bad('revocation_unknown', `${found}, and this machine goes on only where somebody does`, next);
}
