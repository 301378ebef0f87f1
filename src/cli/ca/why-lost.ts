import { HoldfastError } from '../../base/index.ts';

/** What can be said of the certificates of before where no log is left that knows them. */
export interface LostChoices {
  /** None of them is accepted, and every machine joins again. */
  readonly reEnrol?: boolean;
  /** Those that are valid are accepted, since nobody knows which were revoked. */
  readonly trustIssued?: boolean;
  /** There is no log any more, and why. */
  readonly logIsLost?: string;
}

/**
 * What the log is to say of certificates that an authority knows nothing of.
 * @throws HoldfastError `usage` for two choices
 */
export function whyLost({ reEnrol, trustIssued, logIsLost }: LostChoices): string | undefined {
  const choices = [
    reEnrol === true ? 're-enrol: no certificate of before is accepted' : undefined,
    trustIssued === true
      ? 'trust-issued: certificates of before are accepted while they are valid'
      : undefined,
    logIsLost,
  ].filter((choice) => choice !== undefined);
  if (choices.length < 2) return choices[0];
  throw new HoldfastError('usage', 'two choices for the certificates of before', {
    hint: 'say one of --re-enrol, --trust-issued and --log-is-lost',
  });
}
