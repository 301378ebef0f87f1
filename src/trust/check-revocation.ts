import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  createOcspRequest,
  type DistributionPoint,
  type FoundReason,
  type OcspResponse,
  type OcspSingleResponse,
  parseAnyCrl,
  parseOcspResponse,
  verifyOcspResponse,
} from '../pki/index.ts';
import { CrlJudge, type CrlMaterial, type CrlRules, revoked } from './check-crls.ts';
import { type PathLimits, revocationLimits } from './path-limits.ts';

/** What there is to judge revocation by: nothing of it is believed before it is verified. */
export interface RevocationEvidence extends CrlMaterial {
  readonly answers: readonly OcspResponse[];
}

/** What evidence is judged by. */
interface RevocationRules extends CrlRules {
  /** What was revoked after this does not count; everything does unless said. */
  readonly revokedBy?: Date;
  /** What it may cost; enough for every path in use unless said. */
  readonly limits?: PathLimits;
}

/** Whether one certificate is revoked, and by which lists or answer that is known. */
export type RevocationStatus =
  | { readonly kind: 'good'; readonly by: readonly (AnyCrl | OcspSingleResponse)[] }
  | RevokedStatus
  | { readonly kind: 'unknown'; readonly problems: readonly HoldfastError[] };

/** That a certificate is revoked. */
interface RevokedStatus {
  readonly kind: 'revoked';
  readonly error: HoldfastError;
  readonly revokedAt: Date;
  readonly reason: FoundReason;
  /** Of when the list or the answer is that says so. */
  readonly thisUpdate: Date;
}

/**
 * Whether a certificate of a valid path (the leaf first, the anchor last) is revoked, by all that there is: lists
 * (RFC 5280 §6.3) and answers (RFC 6960). The most severe counts, whoever says it; an issuer that does not know its own
 * certificate says nothing good of it.
 */
export function revocationStatus(
  certificate: Certificate,
  path: readonly Certificate[],
  evidence: RevocationEvidence,
  rules: RevocationRules,
): RevocationStatus {
  const { limits = revocationLimits(), revokedBy } = rules;
  const answer = byAnswers(certificate, path, evidence, rules);
  if (answer?.status.kind === 'revoked' && counts(answer.status.revokedAt, revokedBy)) {
    return revokedStatus(certificate, answer.status, answer);
  }
  const lists = new CrlJudge(path, evidence, rules, limits).statusOf(certificate);
  if (lists.kind === 'revoked' && counts(lists.line.revokedAt, revokedBy))
    return revokedStatus(certificate, lists.line, lists.list);
  if (answer?.status.kind === 'unknown') return { kind: 'unknown', problems: [] };
  if (answer !== undefined) return { kind: 'good', by: [answer] };
  if (lists.kind === 'unknown') return lists;
  return { kind: 'good', by: lists.kind === 'good' ? lists.lists : [] };
}

function revokedStatus(
  certificate: Certificate,
  { revokedAt, reason }: Pick<RevokedStatus, 'revokedAt' | 'reason'>,
  { thisUpdate }: Pick<RevokedStatus, 'thisUpdate'>,
): RevokedStatus {
  const error = revoked(certificate, revokedAt, reason);
  return { kind: 'revoked', error, revokedAt, reason, thisUpdate };
}

function counts(since: Date, revokedBy: Date | undefined): boolean {
  return revokedBy === undefined || since <= revokedBy;
}

function byAnswers(
  certificate: Certificate,
  path: readonly Certificate[],
  { answers }: RevocationEvidence,
  { at }: RevocationRules,
) {
  const issuer = path[path.indexOf(certificate) + 1];
  if (issuer === undefined) return undefined;
  const said = answers.slice(0, maxAnswers).flatMap((response) => {
    try {
      return verifyOcspResponse(response, { issuer, serial: certificate.serial, at }) ?? [];
    } catch (error) {
      // An algorithm or a key that is not taken has signed nothing.
      if (isHoldfastError(error)) return [];
      throw error;
    }
  });
  return (
    said.find(({ status }) => status.kind === 'revoked') ??
    said.find(({ status }) => status.kind === 'unknown') ??
    said[0]
  );
}

/** Each may cost a signature for each of the certificates that come with it. */
const maxAnswers = 32;

/**
 * Gets what is at an address, or the answer to what is posted there, over whatever network there is.
 * @throws HoldfastError for what cannot be had, or is longer than `maxBytes`
 */
export type FetchEvidence = (request: {
  readonly url: string;
  readonly maxBytes: number;
  readonly post?: { readonly type: string; readonly body: Bytes };
}) => Promise<Bytes>;

/** What is fetched has to be good when it has come: an answer may be made for whoever asks. */
export interface AskingRules extends Omit<RevocationRules, 'at'> {
  /** Whether OCSP is asked before lists are fetched, which may know a revocation a minute later. */
  readonly ocspFirst?: boolean | undefined;
  readonly now: () => Date;
}

/** Addresses that one certificate may have asked: more is nobody's need. */
const maxUrls = 8;
const maxAnswerBytes = 256 * 1024;
const maxListBytes = 64 * 1024 * 1024;

/**
 * Whether each certificate of a valid path but its anchor is revoked, by what is at the addresses that they name: lists, the
 * changes to them, and then the issuer's OCSP, one address after the other until it is known, 8 of each kind at most. A list
 * that several certificates name is fetched once. `known` is looked at first, and nothing is fetched when it says enough.
 */
export async function askRevocation(
  path: readonly Certificate[],
  known: RevocationEvidence,
  rules: AskingRules,
  fetch: FetchEvidence,
): Promise<readonly RevocationStatus[]> {
  const search = new Search(path, known, rules, fetch);
  const found: RevocationStatus[] = [];
  for (const certificate of path.slice(0, -1)) found.push(await search.statusOf(certificate));
  return found;
}

class Search {
  readonly #path: readonly Certificate[];
  readonly #known: RevocationEvidence;
  readonly #rules: AskingRules;
  readonly #fetch: FetchEvidence;
  readonly #answers: OcspResponse[] = [];
  readonly #lists = new Map<string, AnyCrl | HoldfastError>();

  constructor(
    path: readonly Certificate[],
    known: RevocationEvidence,
    rules: AskingRules,
    fetch: FetchEvidence,
  ) {
    this.#path = path;
    this.#known = known;
    this.#rules = rules;
    this.#fetch = fetch;
  }

  async statusOf(certificate: Certificate): Promise<RevocationStatus> {
    const problems: HoldfastError[] = [];
    const lists = listUrls(certificate).map((url) => () => this.#list(url));
    const responders = certificate.extensions.ocspUrls
      .slice(0, maxUrls)
      .map((url) => () => this.#ask(url, certificate));
    const sources = this.#rules.ocspFirst === true ? [...responders, ...lists] : [...lists, ...responders];
    let status = this.#judge(certificate);
    for (const source of sources) {
      if (status.kind !== 'unknown') return status;
      const problem = await source();
      if (problem !== undefined) problems.push(problem);
      status = this.#judge(certificate);
    }
    return status.kind === 'unknown'
      ? { kind: 'unknown', problems: [...status.problems, ...problems] }
      : status;
  }

  #judge(certificate: Certificate): RevocationStatus {
    const lists = [...this.#lists.values()].flatMap((each) => (each instanceof HoldfastError ? [] : [each]));
    const evidence = {
      crls: [...this.#known.crls, ...lists],
      certificates: this.#known.certificates,
      answers: [...this.#known.answers, ...this.#answers],
    };
    const { now, ...rules } = this.#rules;
    return revocationStatus(certificate, this.#path, evidence, { ...rules, at: now() });
  }

  async #ask(url: string, certificate: Certificate): Promise<HoldfastError | undefined> {
    const issuer = this.#path[this.#path.indexOf(certificate) + 1] as Certificate;
    const found = await caught(async () => {
      const body = createOcspRequest({ issuer, serials: [certificate.serial] });
      const post = { type: 'application/ocsp-request', body };
      const bytes = await this.#fetch({ url, maxBytes: maxAnswerBytes, post });
      const answer = read(url, () => parseOcspResponse(bytes));
      if (answer.kind === 'response') this.#answers.push(answer);
      else throw new HoldfastError('ocsp_response_malformed', `${url} answers: ${answer.status}`);
    });
    return found instanceof HoldfastError ? found : undefined;
  }

  /** A list, and the changes that it names. */
  async #list(url: string): Promise<HoldfastError | undefined> {
    const known = this.#lists.get(url);
    if (known !== undefined) return known instanceof HoldfastError ? known : undefined;
    const list = await caught(async () => {
      const bytes = await this.#fetch({ url, maxBytes: maxListBytes });
      return read(url, () => parseAnyCrl(bytes));
    });
    this.#lists.set(url, list);
    if (list instanceof HoldfastError) return list;
    const isComplete = list.baseNumber === undefined;
    for (const changes of isComplete ? webUrls(list.freshestCrlPoints) : []) await this.#list(changes);
    return undefined;
  }
}

/** Where lists about a certificate are, and the changes to them: the addresses of HTTP, each once. */
function listUrls({ extensions }: Certificate): string[] {
  // What has changed comes first, since the complete list alone would be enough to end the search.
  return webUrls([...extensions.freshestCrlPoints, ...extensions.crlPoints]);
}

function webUrls(points: readonly DistributionPoint[]): string[] {
  return [...new Set(points.flatMap(urlsOf))].filter((url) => /^https?:/i.test(url)).slice(0, maxUrls);
}

function urlsOf({ name }: DistributionPoint): string[] {
  return name?.kind === 'full' ? name.names.flatMap((each) => (each.kind === 'uri' ? [each.value] : [])) : [];
}

/** What cannot be read is named by where it came from: a page that says so is there in place of a list, say. */
function read<T>(url: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!isHoldfastError(cause)) throw cause;
    throw new HoldfastError(cause.code, `${url}: ${cause.message}`, { cause });
  }
}

async function caught<T>(work: () => Promise<T>): Promise<T | HoldfastError> {
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}
