/** The vendors' programs that this one can be called as, by a link of that name. */
const vendorPrograms = ['sm_ssl_cert', 'certutil'] as const;

/** What the user said. */
export interface CalledWords {
  /** The name that the program was called by, when that is a vendor's. */
  readonly program: 'holdfast' | (typeof vendorPrograms)[number];
  /** The words after it. */
  readonly words: readonly string[];
}

/**
 * The words of the command line and the program that they are for. The launcher says the name it was called by in
 * `HOLDFAST_INVOKED_AS`, which ends here: what this program starts is called by its own name.
 */
export function calledWords(words: readonly string[], environment: NodeJS.ProcessEnv): CalledWords {
  const { HOLDFAST_INVOKED_AS: name } = environment;
  delete environment.HOLDFAST_INVOKED_AS;
  return { program: vendorPrograms.find((program) => program === name) ?? 'holdfast', words };
}
