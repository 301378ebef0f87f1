import { type ErrorCode, HoldfastError } from '../../base/index.ts';
import { isPassingStatus } from '../../transport/index.ts';
import { elementText } from './s3-answer.ts';
import type { S3Credentials } from './sign-request.ts';

/** Why a service refused a request. */
export interface S3Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** S3's own code, as `NoSuchBucket`; empty where none came, as with every answer to HEAD. */
  readonly code: string;
  /** The region, or the host, that it says is the right one. */
  readonly rightPlace: string | undefined;
  /** Its clock, milliseconds since 1970. */
  readonly serverMs: number | undefined;
}

/** Whom a refusal concerns. */
export interface S3Asked {
  readonly host: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: S3Credentials;
  readonly nowMs: number;
}

/** Reads a refusal from an answer; what does not look like a code, a region or a host is passed over. */
export function readRefusal(
  status: number,
  xml: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): S3Refusal {
  const { 'x-amz-bucket-region': region, date } = headers;
  const code = shown(elementText(xml, 'Code')) ?? '';
  const isElsewhere = status === 301 || status === 307;
  const rightPlace =
    shown(elementText(xml, 'Region') ?? String(region ?? '')) ??
    (isElsewhere ? shown(elementText(xml, 'Endpoint')) : undefined);
  const serverMs = Date.parse(String(date ?? ''));
  return {
    kind: 'refusal',
    status,
    code,
    rightPlace,
    serverMs: Number.isNaN(serverMs) ? undefined : serverMs,
  };
}

/** Codes, regions and hosts are all that is ever shown of what a service says. */
function shown(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9.-]{1,80}$/.test(text) ? text : undefined;
}

/** What a refusal means, with the next step that is true of it. */
export function refusalError(refusal: S3Refusal, doing: string, asked: S3Asked): HoldfastError {
  const explain = explanations[meaningOf(refusal)];
  return explain({ refusal, doing, asked });
}

type Meaning =
  | 'no bucket'
  | 'no object'
  | 'unknown key'
  | 'wrong secret'
  | 'key over'
  | 'wrong clock'
  | 'elsewhere'
  | 'damaged on the way'
  | 'no room'
  | 'not now'
  | 'no such part'
  | 'forbidden'
  | 'other';

const byCode: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: 'no bucket',
  NoSuchKey: 'no object',
  InvalidAccessKeyId: 'unknown key',
  // As versitygw says it.
  XAdminUserNotFound: 'unknown key',
  InvalidToken: 'key over',
  ExpiredToken: 'key over',
  TokenRefreshRequired: 'key over',
  SignatureDoesNotMatch: 'wrong secret',
  RequestTimeTooSkewed: 'wrong clock',
  AuthorizationHeaderMalformed: 'elsewhere',
  PermanentRedirect: 'elsewhere',
  TemporaryRedirect: 'elsewhere',
  Redirect: 'elsewhere',
  IllegalLocationConstraintException: 'elsewhere',
  BadDigest: 'damaged on the way',
  XAmzContentSHA256Mismatch: 'damaged on the way',
  XAmzContentChecksumMismatch: 'damaged on the way',
  IncompleteBody: 'damaged on the way',
  EntityTooLarge: 'no room',
  QuotaExceeded: 'no room',
  XMinioStorageFull: 'no room',
  SlowDown: 'not now',
  InternalError: 'not now',
  ServiceUnavailable: 'not now',
  RequestTimeout: 'not now',
  OperationAborted: 'not now',
  ConditionalRequestConflict: 'not now',
  InvalidRange: 'no such part',
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
};

const byStatus: Readonly<Record<number, Meaning>> = {
  301: 'elsewhere',
  307: 'elsewhere',
  401: 'forbidden',
  403: 'forbidden',
  404: 'no object',
  409: 'not now',
  416: 'no such part',
  500: 'not now',
  507: 'no room',
};

function meaningOf({ code, status }: S3Refusal): Meaning {
  return byCode[code] ?? (isPassingStatus(status) ? 'not now' : (byStatus[status] ?? 'other'));
}

interface Explained {
  readonly refusal: S3Refusal;
  readonly doing: string;
  readonly asked: S3Asked;
}

const explanations: Readonly<Record<Meaning, (explained: Explained) => HoldfastError>> = {
  'no bucket': ({ doing, asked }) =>
    failure('bucket_missing', `${doing}: ${asked.host} has no bucket ${asked.bucket}`),
  'no object': ({ doing, asked }) => failure('object_not_found', `${doing}: ${asked.host} does not have it`),
  'unknown key': ({ doing, asked }) =>
    failure(
      'credentials_refused',
      `${doing}: ${asked.host} does not know the access key of ${asked.credentials.from}`,
    ),
  'wrong secret': ({ doing, asked }) =>
    failure(
      'credentials_refused',
      `${doing}: the secret key of ${asked.credentials.from} is not that of its access key at ${asked.host}`,
    ),
  'key over': ({ doing, asked }) =>
    failure(
      'credentials_refused',
      `${doing}: the key of ${asked.credentials.from} is over, says ${asked.host}`,
    ),
  'wrong clock': ({ doing, asked, refusal }) =>
    failure('clock_differs', `${doing}: ${clocks(asked, refusal)}`),
  elsewhere: ({ doing, asked, refusal }) => elsewhere(doing, asked, refusal.rightPlace),
  'damaged on the way': ({ doing, asked, refusal }) =>
    failure(
      'connection_lost',
      `${doing}: other bytes came to ${asked.host} than were sent (${refusal.code})`,
    ),
  'no room': ({ doing, asked, refusal }) =>
    failure('storage_full', `${doing}: ${asked.host} has no room left (${refusal.code || refusal.status})`, {
      hint: 'make room in the bucket, or have its quota raised, then run the same again',
    }),
  'not now': ({ doing, asked, refusal }) =>
    failure(
      'server_unavailable',
      `${doing}: ${asked.host} answered ${refusal.status} ${refusal.code}`.trimEnd(),
    ),
  'no such part': ({ doing, asked }) =>
    failure('range_not_satisfiable', `${doing}: ${asked.host} has fewer bytes than were asked for`),
  forbidden: ({ doing, asked }) =>
    failure(
      'place_forbidden',
      `${doing}: the key of ${asked.credentials.from} may not do this in bucket ${asked.bucket} of ${asked.host}`,
    ),
  other: ({ doing, asked, refusal }) =>
    failure(
      'storage_failed',
      `${doing}: ${asked.host} answered ${refusal.status} ${refusal.code}`.trimEnd(),
      {
        hint: 'look up this answer in the documents of that service',
      },
    ),
};

function clocks({ host, nowMs }: S3Asked, { serverMs }: S3Refusal): string {
  const here = `it is ${new Date(nowMs).toISOString()} here`;
  return serverMs === undefined
    ? `${here}, which ${host} does not take`
    : `${here}, and ${new Date(serverMs).toISOString()} at ${host}`;
}

function elsewhere(
  doing: string,
  { host, bucket, region }: S3Asked,
  right: string | undefined,
): HoldfastError {
  if (right === undefined)
    return failure('region_wrong', `${doing}: bucket ${bucket} is not in region ${region}, says ${host}`);
  return right.includes('.')
    ? failure('region_wrong', `${doing}: bucket ${bucket} is not at ${host}, but at ${right}`, {
        hint: `name it by that host: s3:https://${right}/${bucket}/…`,
      })
    : failure('region_wrong', `${doing}: requests to ${host} are for region ${right}, not ${region}`, {
        hint: `set the region, in the environment or in ~/.aws/config: AWS_REGION=${right}`,
      });
}

function failure(code: ErrorCode, message: string, options: { readonly hint?: string } = {}): HoldfastError {
  return new HoldfastError(code, message, options);
}
