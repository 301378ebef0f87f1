import { dayMs } from '../../base/index.ts';
import { type Certificate, formatName } from '../../pki/index.ts';
import type { BackingUp, UpkeepSettings } from '../backup/index.ts';
import { type Copied, copyWarnings, type Escrowing, rootCameBack } from '../custody/index.ts';
import { boundsUris, isSelfSigned, outsideWarnings, readOutside, replacementTime } from '../issuers/index.ts';
import { type CrlSigning, countToRenew, readCrlState } from '../revocation/index.ts';
import { describeClock, passesKeptCheckpoint } from '../standing/index.ts';

/** What looks after an authority. */
export interface Upkeep extends CrlSigning, BackingUp, Escrowing, Copied {
  readonly upkeep: UpkeepSettings;
}

/** How long before something that needs the root it is said, so that a ceremony can be planned. */
const ceremonyNoticeMs = 90 * dayMs;
const rootNoticeMs = 365 * dayMs;
/** A server renews its certificate with a month left; then something keeps it from it. */
const serverNoticeMs = 21 * dayMs;
/** Lists that are signed here are signed anew long before. */
const crlNoticeMs = dayMs;

/** What wants doing about clock, certificates and keys of the authority, in sentences. */
export async function custodyWarnings(context: Upkeep): Promise<string[]> {
  const { clockGuard } = context;
  const problem = clockGuard.problem();
  const { outsideRevocation: mode } = context.present.policy;
  return [
    ...(problem === undefined ? [] : [`${describeClock(problem)}: nothing is issued`]),
    ...((await passesKeptCheckpoint(context)) ? [] : [logWarning]),
    ...(await rootWarnings(context)),
    ...outsideWarnings(context.issuer, { mode, nowMs: context.clock.now() }),
    ...(await rootCameBack(context.records, context.keystore)),
    ...(await copyWarnings(context)),
    ...issuingWarnings(context),
    ...constraintWarnings(context),
    ...lostWarnings(context),
    ...(await revokedWarnings(context)),
    ...(await crlWarnings(context)),
    ...(await serverWarnings(context)),
  ];
}

async function rootWarnings({ issuer: { root }, records, clock }: Upkeep): Promise<string[]> {
  const outside = await readOutside(records, root.certificate);
  const ends = ({ notAfter, notBefore }: Certificate): boolean => {
    const noticeMs = Math.min(rootNoticeMs, (notAfter.getTime() - notBefore.getTime()) / 3);
    return notAfter.getTime() - clock.now() < noticeMs;
  };
  const next =
    'holdfast ca request --out FILE writes a request for the next one, and holdfast ca complete FILE puts it in';
  return [
    ...(ends(root.certificate)
      ? [
          `the root certificate ends ${dayOf(root.certificate.notAfter)}${isSelfSigned(root.certificate) ? '' : `: ${next}`}`,
        ]
      : []),
    ...outside
      .filter((each) => ends(each) && each.notAfter < root.certificate.notAfter)
      .map((each) => `${formatName(each.subject)} above the root ends ${dayOf(each.notAfter)}: ${next}`),
  ];
}

/** The next one is made without a word where the key of the root is here; where it is not, somebody has to bring it. */
function issuingWarnings({ issuer, clock, keystore }: Upkeep): string[] {
  const { label, certificate } = issuer.issuing;
  const due = replacementTime(certificate);
  if (certificate.notAfter >= issuer.root.certificate.notAfter) return [];
  const isHere = keystore.has(issuer.root.label);
  const sinceMs = isHere ? due.getTime() + ceremonyNoticeMs : due.getTime() - ceremonyNoticeMs;
  if (clock.now() < sinceMs) return [];
  const until = `${label} ends ${dayOf(certificate.notAfter)}`;
  if (isHere) return [`the issuing certificate is not replaced, though due since ${dayOf(due)}; ${until}`];
  return [`the issuing certificate is due to be replaced from ${dayOf(due)} on, ${needsRoot}; ${until}`];
}

/** Replaced without a word where the key of the root is here. */
function constraintWarnings({ issuer, keystore }: Upkeep): string[] {
  const { label, certificate } = issuer.issuing;
  if (keystore.has(issuer.root.label) || !boundsUris(certificate.extensions.nameConstraints)) return [];
  return [
    `${label} bounds URIs, for which Chromium and others refuse what it issues; it is to be replaced, ${needsRoot}`,
  ];
}

/** A restore knows of one that was made after the backup, and has no key of it. */
function lostWarnings({ issuer: { issuings }, clock, keystore }: Upkeep): string[] {
  return issuings
    .filter(
      ({ label, certificate, revoked }) =>
        !keystore.has(label) && revoked === undefined && certificate.notAfter.getTime() > clock.now(),
    )
    .map(
      ({ label }) =>
        `the key ${label} is lost: no revocation list and no OCSP answer for what it issued can be signed; ` +
        'servers of this network refuse what is revoked all the same, and renewal replaces it',
    );
}

/** Those that have not come since their issuer was revoked, and the list that tells everybody else. */
async function revokedWarnings(context: Upkeep): Promise<string[]> {
  const { issuer, records, keystore } = context;
  const toRenew = await countToRenew(context);
  const { crl, revocations } = await readCrlState(records, issuer.root.label);
  const isListed = crl === undefined || crl.revocations >= revocations;
  return [
    ...(issuer.issuing.revoked === undefined
      ? []
      : [
          `${issuer.issuing.label} is revoked, and nothing can be issued until there is another one, ${needsRoot}`,
        ]),
    ...(toRenew === 0
      ? []
      : [`nodes whose issuing certificate was revoked and that have not renewed yet: ${toRenew}`]),
    ...(isListed || keystore.has(issuer.root.label)
      ? []
      : [
          `the revocation list of the root does not say yet what was revoked; it is to be signed, ${needsRoot}`,
        ]),
  ];
}

async function crlWarnings({ issuer: { root }, clock, keystore, records }: Upkeep): Promise<string[]> {
  const crl = await records.crls.find(root.label);
  if (crl === undefined) return [];
  const isHere = keystore.has(root.label);
  if (crl.next_update - clock.now() >= (isHere ? crlNoticeMs : ceremonyNoticeMs)) return [];
  const end = dayOf(new Date(crl.next_update));
  return [
    `the revocation list of the root ends ${end}${isHere ? '' : `; the next one is to be signed, ${needsRoot}`}`,
  ];
}

const logWarning = 'the log is not the one that was signed for: holdfast audit verify names what is wrong';
const needsRoot = 'which needs the key of the root: holdfast ca online FILE';

async function serverWarnings({ records, clock }: Upkeep): Promise<string[]> {
  const nowMs = clock.now();
  const rows = await records.certificates.endsOfServers(nowMs, nowMs + serverNoticeMs);
  return rows.map(
    ({ name, ends }) =>
      `the certificate of the server ${name} ends ${dayOf(new Date(ends))} and is not renewed`,
  );
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
