import { type ErrorCode, HoldfastError } from '../base/index.ts';
import { type HttpAnswer, isPassingStatus, receiveText } from '../transport/index.ts';

/** The bytes of an error's body that are looked at. */
const maxErrorBytes = 4096;

/** The codes that are believed when a server sends them, and with which status. */
const believedCodes: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: ['object_corrupt', 'input_invalid'],
  403: [
    'object_exists',
    'append_only',
    'namespace_forbidden',
    'certificate_expired',
    'certificate_not_yet_valid',
    'certificate_revoked',
    'certificate_unknown_authority',
    'certificate_wrong_network',
    'certificate_wrong_role',
    'certificate_required',
    'certificate_not_allowed',
    'issuer_revoked',
  ],
  404: ['object_not_found', 'repository_missing'],
  503: ['store_missing'],
};

/** What a status means when no believed code comes with it. */
const plainCodes: Readonly<Record<number, ErrorCode>> = {
  401: 'namespace_forbidden',
  403: 'namespace_forbidden',
  404: 'object_not_found',
  416: 'range_not_satisfiable',
  507: 'storage_full',
};

/** An answer that is a success, and whose body is still to be read. */
export interface RestAnswer extends HttpAnswer {
  readonly kind: 'answer';
}

/** Why a server refused a request. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** Who refused. */
  readonly host: string;
  readonly code: ErrorCode;
  /** Whether the server said the code itself; otherwise it follows from the status. */
  readonly told: boolean;
}

/** The answer that `outcome` is; throws for a refusal, `server_unavailable` when it may pass. */
export function expectAnswer(outcome: RestAnswer | Refusal, doing: string): RestAnswer {
  if (outcome.kind === 'answer') return outcome;
  throw refusalError(outcome, doing);
}

/** Reads why a request was refused, and closes the answer. */
export async function readRefusal(answer: HttpAnswer): Promise<Refusal> {
  const { status, host, message } = answer;
  const code = toldCode(await bodyText(answer), status) ?? believed(message.headers['holdfast-code'], status);
  return {
    kind: 'refusal',
    status,
    host,
    code: code ?? plainCodes[status] ?? 'refused_by_peer',
    told: code !== undefined,
  };
}

function refusalError({ status, code, host }: Refusal, doing: string): HoldfastError {
  // A disk is mounted by a person, in their own time: it is no failure that passes.
  if (code === 'store_missing') return new HoldfastError(code, `${doing}: the store of ${host} is not there`);
  const isServers = isPassingStatus(status) || (status >= 500 && !plainCodes[status] && status !== 501);
  if (isServers) return new HoldfastError('server_unavailable', `${doing}: ${host} answered ${status}`);
  return new HoldfastError(code, `${doing}: refused with status ${status} (${code})`);
}

function toldCode(text: string, status: number): ErrorCode | undefined {
  try {
    const { code } = Object(JSON.parse(text)) as { code?: unknown };
    return believed(code, status);
  } catch {
    return undefined;
  }
}

function believed(code: unknown, status: number): ErrorCode | undefined {
  return believedCodes[status]?.find((each) => each === code);
}

/** An error's body; what is wrong with it does not matter. */
async function bodyText(answer: HttpAnswer): Promise<string> {
  try {
    return await receiveText(answer, maxErrorBytes);
  } catch {
    return '';
  }
}
