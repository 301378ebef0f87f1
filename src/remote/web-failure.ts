import { type ErrorCode, HoldfastError, type HoldfastErrorOptions, systemErrorCode } from '../base/index.ts';
import { isPassingStatus, transportError } from '../transport/index.ts';

/** What was asked of a web server, for messages: no password in it. */
export interface WebWish {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** The address asked. */
  readonly url: string;
  /** Bytes that were to be sent. */
  readonly size?: number;
  /** Whether name and password went with it. */
  readonly signedIn: boolean;
}

/** What an answer that is no success means for whoever set the address up. */
export function webRefusal(wish: WebWish, status: number, location: string | undefined): HoldfastError {
  const { method, url, size } = wish;
  if (status === 507) return failure('storage_full', `${url}: there is no room left`, 'make room there');
  if (status >= 300 && status < 400)
    return failure(
      'storage_failed',
      `${url}: the server answered ${status}, it is at ${withoutPassword(location)} instead`,
      'name that address',
    );
  if (isPassingStatus(status)) return failure('server_unavailable', `${url}: the server answered ${status}`);
  const sent = status === 413 && size !== undefined ? ` to ${size} bytes` : '';
  return failure(
    'storage_failed',
    `${url}: the server answered ${status}${sent}`,
    hintOf(wish, status) ?? (method === 'GET' ? 'check the address' : 'see the log of that server'),
  );
}

/** What it means that no answer came. Expected failures, and bugs, come back as they are. */
export function webFailure(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  // Nobody but a deadline aborts these.
  if (['TimeoutError', 'AbortError'].includes(error.name))
    return failure('connection_stalled', `${name} did not answer in time`);
  const meaning = named[systemErrorCode(error) ?? ''];
  if (meaning === undefined) return transportError(error, name);
  const [kind, problem, hint] = meaning;
  return failure(kind, `${name}: ${problem}`, hint, { cause: error });
}

/** A hint is for those refusals that are nearly always the same mistake. */
function hintOf({ method, signedIn }: WebWish, status: number): string | undefined {
  if (status === 401)
    return signedIn
      ? 'it does not take this name and password'
      : 'put name and password into the address: https://NAME:PASSWORD@HOST/';
  if (method === 'GET') return undefined;
  const writing: Record<number, string> = {
    403: 'files may not be written there: give this name the right to',
    404: 'make that directory there first: none is made from here',
    409: 'make that directory there first: none is made from here',
    405: 'this server takes no PUT: switch WebDAV on there',
    501: 'this server takes no PUT: switch WebDAV on there',
    413: 'raise the size that this server takes (nginx: client_max_body_size)',
  };
  return writing[status];
}

type Meaning = readonly [kind: ErrorCode, problem: string, hint?: string];

const untrusted: Meaning = [
  'certificate_unknown_authority',
  'its certificate is from nobody whom this machine trusts',
  'add its root to the trust store of this machine, or name a PEM file with it: SSL_CERT_FILE=FILE holdfast …',
];

const named: Readonly<Record<string, Meaning>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: ['certificate_expired', 'its certificate has expired', 'renew it there'],
  CERT_NOT_YET_VALID: ['certificate_not_yet_valid', 'its certificate is not valid yet', 'compare the clocks'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'certificate_wrong_name',
    'its certificate is for another name',
    'name it as its certificate does',
  ],
};

function withoutPassword(location: string | undefined): string {
  return location?.replace(/\/\/[^/@]*@/, '//') ?? 'another address';
}

function failure(
  code: ErrorCode,
  message: string,
  hint?: string,
  options: HoldfastErrorOptions = {},
): HoldfastError {
  return new HoldfastError(code, message, { ...options, ...(hint !== undefined && { hint }) });
}
