import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  createOcspRequest,
  type DistributionPoint,
  type OcspResponse,
  parseAnyCrl,
  parseOcspResponse,
} from '../pki/index.ts';
import {
  type RevocationEvidence,
  type RevocationRules,
  type RevocationStatus,
  revocationStatus,
} from './check-revocation.ts';

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
    const sources = [
      ...listUrls(certificate).map((url) => () => this.#list(url)),
      ...certificate.extensions.ocspUrls.slice(0, maxUrls).map((url) => () => this.#ask(url, certificate)),
    ];
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
