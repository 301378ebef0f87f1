import type { CertificateRequest, SerialNumber } from '../../pki/index.ts';
import { type Authorisation, checkIssuable, checkNamesOfRole } from '../issue/index.ts';
import { identityLabel, type Records } from '../records/index.ts';
import { type Authoriser, type Enrolling, type Judged, rulesOf, type Use } from './authoriser.ts';
import { revoked } from './by-certificate.ts';
import { checkName } from './create-join-code.ts';
import { type Judgement, judgeAsAsked, judgeAsAuthorised } from './judge-request.ts';
import type { Said } from './requested-hosts.ts';

/** What a person decides on: a request, with what is said beside it, or the renewal of a certificate that has ended. */
export type PersonBasis =
  | { readonly kind: 'asked'; readonly said: Said }
  | { readonly kind: 'late renewal'; readonly renews: SerialNumber; readonly ended: Authorisation };

/** Who decides, and on which request; no number before it waits. */
export interface PersonOrder {
  readonly by: string;
  readonly request?: number;
}

/** A person, who is shown what is left out, and may say what else is to be. */
export class PersonAuthoriser implements Authoriser {
  readonly isPerson = true;
  readonly #context: Enrolling;
  readonly #basis: PersonBasis;
  readonly #order: PersonOrder;

  constructor(context: Enrolling, basis: PersonBasis, order: PersonOrder) {
    this.#context = context;
    this.#basis = basis;
    this.#order = order;
  }

  judge(request: CertificateRequest): Judgement {
    const rules = rulesOf(this.#context);
    if (this.#basis.kind === 'asked') return judgeAsAsked(rules, request, this.#basis.said);
    const { ended } = this.#basis;
    checkNamesOfRole(rules.policy, ended.identity.role, ended.names);
    return judgeAsAuthorised(rules, request, ended);
  }

  /** Whoever approves once more has that answered by the request itself. */
  async gave(): Promise<undefined> {
    return undefined;
  }

  async use(records: Records, { judgement: { identity } }: Judged): Promise<Use> {
    const { by, request } = this.#order;
    if (this.#basis.kind === 'asked') {
      await checkName(records, identity, false);
      return { kind: 'issued', by, details: { request } };
    }
    const row = await records.identities.find(identity);
    if (row === undefined || row.revoked_at !== null) throw revoked(`${identityLabel(identity)} is revoked`);
    return { kind: 'renewed', by, details: { request, renews: this.#basis.renews } };
  }

  /** Refuses what could not be issued now, by the rules that issuing it has. */
  async check(records: Records, judged: Judged): Promise<void> {
    await this.use(records, judged);
    const { request, judgement } = judged;
    await checkIssuable(records, this.#context, { authorisation: judgement, spki: request.spki });
  }
}
